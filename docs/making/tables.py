"""The references of columns, fields, settings, exit codes, market data, files and rules."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from docs.making.words import ROOT, bold, cell, code, heading, table, word
from screener.language import Language, bound, say_declared

__all__ = [
    "columns_page",
    "errors_page",
    "every_error",
    "fields_page",
    "files_page",
    "key_meanings",
    "lake_page",
    "rules_page",
    "settings_page",
]


def columns_page() -> str:
    """Return the page of all result columns."""
    from screener.results.tables import every_declared

    lines = heading(
        "Columns",
        "Columns of every result, the same in CSV, JSON, workbooks and DataFrames. A ? marks what "
        "may be empty. Fractions are fractions: 0.01 is one per cent.",
        source="from screener/results/declared",
    )
    for spec in every_declared():
        lines += [f"## {spec.name}", "", str(say_declared(spec.meaning)), ""]
        lines += table(
            ("column", "label", "type", "unit", "meaning"),
            (
                (
                    code(column.name),
                    cell(column.label()),
                    cell(f"{column.dtype}{'?' if column.nullable else ''}"),
                    cell(column.unit),
                    cell(column.told()),
                )
                for column in spec.columns
            ),
        )
    return "\n".join(lines)


def fields_page() -> str:
    """Return the page of the screen's fields."""
    from screener.screen.fields import FIELDS

    chinese = bound() is Language.ZH
    lines = heading(
        "Fields of the screen",
        "What `screener screen` can ask for: as `--FIELD a..b`, in `--where`, `--rank` and "
        "`--fields`. Each says nothing (and so never passes) where its reason holds.",
        source="from screener/screen/tables/fields.toml",
    )
    base = [item for item in FIELDS.values() if not item.base]
    ranks = {
        item.name: [one.name for one in FIELDS.values() if one.base == item.name] for item in base
    }
    lines += table(
        ("field", "label", "unit", "meaning", "formula", "undefined", "ranks"),
        (
            (
                code(item.name),
                cell(item.title_zh),
                cell(item.unit),
                cell(item.meaning_zh if chinese else item.meaning_en),
                cell(item.formula),
                cell(item.because[chinese]),
                " ".join(map(code, ranks[item.name])),
            )
            for item in base
        ),
    )
    return "\n".join(lines)


def settings_page() -> str:
    """Return the page of the settings."""
    from screener.workflows.settings import held_settings, setting_text

    lines = heading(
        "Settings",
        "Keys of `screener.toml`; `screener config KEY VALUE` sets one, all but the lake's, which "
        "is a table. An option of a command goes first, then the environment variable, then the "
        "file.",
        source="from screener/workflows/settings.py",
    )
    held = held_settings(None, {}).values()
    lines += table(
        ("key", "variable", "default", "meaning"),
        (
            (
                code(item.setting.key),
                code(item.setting.variable),
                code(setting_text(item.setting.default)),
                cell(item.setting.meaning()),
            )
            for item in held
        ),
    )
    return "\n".join(lines)


def every_error() -> Iterator[type]:
    """Give each class of errors that a user can correct, the root first."""
    from screener.errors import ScreenerError

    def below(kind: type) -> Iterator[type]:
        yield kind
        for inner in kind.__subclasses__():
            yield from below(inner)

    yield from (
        kind for kind in below(ScreenerError) if kind.__module__ == ScreenerError.__module__
    )


def errors_page() -> str:
    """Return the page of exit codes and errors."""
    from screener.cli.terminal.exits import INTERRUPTED

    lines = heading(
        "Exit codes and errors",
        "How a command ends. Each error says what happened, where, and how to correct it.",
        source="from screener/errors.py",
    )
    told = {
        0: "all that was asked for came out",
        1: "a bug: please report it with its traceback",
        10: "`screener today` only: something is new",
        INTERRUPTED: "interrupted; what was not finished was not stored",
    }
    rows = [(number, "", word(text)) for number, text in told.items()]
    for kind in every_error():
        number = kind.exit_code  # type: ignore[attr-defined]
        if number != 1:
            meaning = (kind.__doc__ or "").split("\n\n")[0]
            rows.append(
                (
                    number,
                    kind.__name__,
                    _ERRORS[kind.__name__] if bound() is Language.ZH else meaning,
                )
            )
    lines += table(
        ("code", "error", "meaning"),
        (
            (str(number), code(name), cell(text))
            for number, name, text in sorted(rows, key=lambda row: row[0])
        ),
    )
    return "\n".join(lines)


def lake_page() -> str:
    """Return the page of the tables of market data."""
    from screener.data.lake.schema import TABLES

    lines = heading(
        "Market data",
        "Tables of the data store, as `screener data export` writes them and `screener data "
        "import` fills them. A * marks what must be there.",
        source="from screener/data/lake/schema.py",
    )
    for spec in TABLES.values():
        lines += [f"## {spec.name}", "", f"{word('key')}: {', '.join(map(code, spec.key))}", ""]
        lines += table(
            ("column", "type", "unit or meaning"),
            (
                (code(item.name) + ("*" if item.required else ""), cell(item.type), cell(item.unit))
                for item in spec.columns
            ),
        )
    return "\n".join(lines)


def files_page() -> str:
    """Return the page of the files that people write, with their keys."""
    from dataclasses import fields

    from screener.workspace.definitions import DefinitionsModel
    from screener.workspace.models import BasketModel, CardModel
    from screener.workspace.screens import SavedScreen

    lines = heading(
        "Files and their keys",
        "Files of a workspace that people write and correct by hand. A ? marks what may be left "
        "out.",
        source="from screener/workspace/models.py",
    )
    for name, model in (
        ("seeds/ID.toml", CardModel),
        ("baskets/NAME.toml", BasketModel),
        ("definitions.toml", DefinitionsModel),
    ):
        lines += [f"## {name}", "", *_model(model, set())]
    lines += ["## screens/NAME.toml", ""]
    lines += table(
        ("key", "type", "meaning"),
        (
            (code(item.name) + "?", code(_plain(item.type)), key_meaning("SavedScreen", item.name))
            for item in fields(SavedScreen)
        ),
    )
    return "\n".join(lines)


@cache
def key_meanings() -> dict[str, dict[str, Any]]:
    """Return what each key of each kind of file says, in English and in Chinese."""
    return tomllib.loads((ROOT / "docs/making/keys.toml").read_text(encoding="utf-8"))


def key_meaning(kind: str, key: str) -> str:
    """Return what a key says, in the reader's language."""
    english, chinese = key_meanings()[kind][key]
    return cell(chinese if bound() is Language.ZH else english)


def _model(model: Any, seen: set[Any]) -> list[str]:
    """Return the table of a model's keys, then those of the models within it."""
    seen.add(model)
    called = model.__name__.removesuffix("Model")
    inner: list[Any] = []
    rows = []
    for name, item in model.model_fields.items():
        kinds = list(_models_in(item.annotation))
        inner += [kind for kind in kinds if kind not in seen and kind not in inner]
        shown = ", ".join(kind.__name__.removesuffix("Model") for kind in kinds)
        rows.append(
            (
                code(item.alias or name) + ("" if item.is_required() else "?"),
                code(shown or _choices(item.annotation)),
                key_meaning(called, item.alias or name),
            )
        )
    first = (model.__doc__ or "").strip().split("\n\n")[0]
    if bound() is Language.ZH:
        first = key_meanings()[called]["_"]
    lines = [bold(called) + f": {cell(first)}", ""]
    lines += table(("key", "type", "meaning"), rows)
    for kind in inner:
        if kind not in seen:
            lines += _model(kind, seen)
    return lines


def _models_in(kind: Any) -> Iterator[Any]:
    if hasattr(kind, "model_fields"):
        yield kind
    for inner in get_args(kind):
        yield from _models_in(inner)


def _choices(kind: Any) -> str:
    """Return how a value is written: its choices, or its type."""
    from enum import Enum

    if isinstance(kind, type) and issubclass(kind, Enum):
        return " | ".join(str(item.value) for item in kind)
    if get_origin(kind) is Literal:
        return " | ".join(str(item) for item in get_args(kind) if item)
    if get_origin(kind) in (Union, UnionType) or get_args(kind):
        parts = [
            _choices(item) for item in get_args(kind) if isinstance(item, type) or get_args(item)
        ]
        return ", ".join(dict.fromkeys(part for part in parts if part and part != "NoneType"))
    return getattr(kind, "__name__", str(kind))


def _plain(annotation: Any) -> str:
    return str(annotation).replace(" | None", "").replace("Mapping[str, str]", "table")


def rules_page() -> str:
    """Return the page of the dated rules of the markets."""
    lines = heading(
        "Market rules",
        "What the program knows of the markets' rules, dated, each with its source. `screener "
        "rules --at D --listing L` shows what held for a listing on a day.",
        source="from screener/market/tables",
    )
    for path in sorted((ROOT / "screener/market/tables").glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for name, rows in content.items():
            if not isinstance(rows, list) or not all(
                isinstance(row, Mapping) and "source" in row for row in rows
            ):
                continue
            lines += [f"## {path.stem} · {name}", ""]
            lines += table(("rule", "from", "to", "source", "verified"), map(_rule, rows))
    return "\n".join(lines)


def _rule(row: Mapping[str, Any]) -> tuple[str, ...]:
    known = {"from", "to", "source", "verified"}
    facts = ", ".join(f"{key} {_value(value)}" for key, value in row.items() if key not in known)
    return (
        cell(facts),
        cell(row.get("from", "")),
        cell(row.get("to", "")),
        cell(say_declared(row["source"])),
        word("yes" if row.get("verified", True) else "no"),
    )


def _value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


_ERRORS = {
    "InputError": "输入不合要求",
    "ConfigError": "设置或工作区无法使用",
    "BasketDefinitionError": "研报卡片或组合文件不合规则",
    "DateRangeError": "日期或区间为空、颠倒，或超出交易日历的记载范围",
    "NotFoundError": "所给名称没有匹配，或匹配过多",
    "AmbiguousMention": "代码或名称对应多只证券",
    "BasketNotFound": "工作区内没有这个组合",
    "ReportNotFound": "工作区内没有这张研报卡片",
    "DataError": "数据表或待导入的文件缺少所需内容",
    "BarsMissing": "缺少所需的行情",
    "SchemaMismatch": "文件的列与目标表不符",
    "StaleCache": "已存的值与其来源不再一致",
    "SourceError": "外部数据源失败",
    "SourceBlocked": "无法向数据源发出请求",
    "NetworkDown": "本机无法连接任何数据源",
    "SourceEmpty": "数据源在应有数据时返回为空",
    "SourceChanged": "数据源的格式与预期不同",
    "ComputeError": "无法计算",
    "NoTradableConstituents": "没有可交易的成分股",
    "ClusterFailed": "集群的工作进程无法完成全部计算",
    "StorageError": "无法读写磁盘",
    "StorageFull": "磁盘空间不足",
    "StorageReadOnly": "没有写入权限",
    "StorageDamaged": "已存文件损坏",
    "StorageBusy": "另一进程正在写入",
    "StorageNewer": "数据由更新版本的程序写成",
    "StorageUnreachable": "共享数据湖的服务器或对象存储没有响应",
    "StorageRefused": "共享数据湖的服务器或对象存储拒绝该用户",
    "StorageMissing": "共享数据湖所在的数据库、存储桶或表不存在",
    "OutOfMemory": "内存不足",
}
