"""A screen on the terminal: the best names, how many passed, and why the others did not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.schema import SIMULATED
from screener.language import Language, bound, say, say_count
from screener.language.lists import clauses
from screener.render.local import told, word
from screener.render.tables import UNDEFINED, Column, heads, plain_table
from screener.results.screen import screen_spec
from screener.screen.evaluate import ScreenedRow
from screener.screen.fields import FIELDS, Field, FieldUnit
from screener.workflows.screen.changes import screen_changes
from screener.workflows.screen.run import ScreenResult
from screener.workflows.screen.table import marks_of
from screener.workspace.screens import SavedScreen

__all__ = ["changes_view", "fields_view", "screen_view", "screens_view", "value_text"]

_SHOWN_AT_MOST = 20
_PERCENTILES = re.compile("pct|分位")
_SHOW_PERCENTILES = "screener screen --list-fields pct"
_NAMED_IN_ONE_LINE = 3  # more fields than that do not fit in 80 columns under their whole names


def screen_view(result: ScreenResult, titles: Mapping[str, str] | None = None) -> RenderableType:
    """Show the best names, how many passed, the rules, and for a basket why the others failed.

    Remarks are not part of it: they belong on standard error. `titles` are what to call baskets
    instead of their names.
    """
    passes, failures = result.passes, result.failures
    limit = result.top or (len(passes) if result.is_basket else _SHOWN_AT_MOST)
    parts: list[RenderableType] = [*_heading(result, titles or {})]
    if passes:
        parts.append(_passes(passes[:limit], result))
    parts.extend(_closing(result, min(limit, len(passes))))
    if result.is_basket and failures:
        rows = [[row.listing, row.name, clauses(map(told, row.reasons))] for row in failures]
        parts.append(plain_table([say("failed"), say("name"), say("why")], rows))
    return Group(*parts)


def _heading(result: ScreenResult, titles: Mapping[str, str]) -> Iterator[Text]:
    if result.simulated:
        mark = say("{mark} market: every number below is made up", mark=SIMULATED)
        yield Text(mark, style="bold")
    snapshots = ", ".join(f"{word(market)} {day}" for market, day in result.sessions.items())
    yield Text(
        say("Screen of {what}, as of {day}", what=_label(result, titles), day=result.as_of),
        style="bold",
    )
    yield Text(
        say(
            "snapshot: {snapshots} (data version {version})",
            snapshots=snapshots,
            version=result.data_version,
        )
    )
    lines = [told(line) for line in result.questions]
    for line in lines if result.checks else [clauses(lines)]:
        yield Text(line)


def _label(result: ScreenResult, titles: Mapping[str, str]) -> str:
    """Return what was screened, a basket by its title."""
    label = told(result.label)
    for name, title in titles.items():
        label = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", title, label)
    return label


def _passes(rows: Sequence[ScreenedRow], result: ScreenResult) -> RenderableType:
    fields = result.fields
    scored = any(row.score is not None for row in result.rows)
    between = "_\n" if len(fields) > _NAMED_IN_ONE_LINE else "_"
    spec = screen_spec(fields, (), scored=scored, checked=bool(result.checks))
    more = [name for name, there in (("score", scored), ("checks", result.checks)) if there]
    asked = [
        Column(header=column.header.replace("_", between), numeric=field.unit.numeric)
        for column, field in zip(heads(spec, *(item.name for item in fields)), fields, strict=True)
    ]
    return plain_table(
        [*heads(spec, "rank", "listing", "name", *more), *asked],
        [
            [str(row.rank), row.listing, row.name]
            + ([value_text(FieldUnit.MULTIPLE, row.score)] if scored else [])
            + ([marks_of(row)] if result.checks else [])
            + [value_text(field.unit, row.values[field.name]) for field in fields]
            for row in rows
        ],
    )


def _closing(result: ScreenResult, shown: int) -> Iterator[Text]:
    passed = len(result.passes)
    line = say("{passed:,} of {n:,} passed", passed=passed, n=len(result.rows))
    if shown < passed:
        line = (
            say("{line}; the first {n} are shown", line=line, n=shown)
            if result.top
            else say(
                "{line}; the first {n} are shown, all with --csv FILE or --top N",
                line=line,
                n=shown,
            )
        )
    yield Text(line, style="bold")
    yield Text(_rules(result))


def _rules(result: ScreenResult) -> str:
    line = say(
        "A multiple of zero or less (a loss) is undefined and never passes; a missing value never "
        "passes"
    )
    if result.allowed:
        fields = ", ".join(
            FIELDS[name].title_zh if _in_chinese() else name for name in result.allowed
        )
        line = say("{line}, save where allowed ({fields})", line=line, fields=fields)
    if any(field.unit is FieldUnit.MONEY for field in result.fields):
        line = say("{line}; amounts in {currency}", line=line, currency=result.currency)
    return say("{line}.", line=line)


def _in_chinese() -> bool:
    return bound() is Language.ZH


def fields_view(word: str) -> RenderableType:
    """List the fields, or those with a word in their names or meaning."""
    wanted = word.strip().casefold()
    chinese = bound() is Language.ZH
    found = [
        field
        for field in FIELDS.values()
        if any(wanted in text.casefold() for text in _texts(field))
        and (field.rank is None or _PERCENTILES.search(wanted))
    ]
    rows = [
        [field.name, field.title_zh, field.meaning] if chinese else [field.name, field.meaning]
        for field in found
    ]
    heads_ = [say("field"), say("meaning")]
    if chinese:
        heads_.insert(1, say("name"))
    told = say_count("{n} field", "{n} fields", len(found))
    if not wanted:
        told = say("{fields}; with percentiles: {command}", fields=told, command=_SHOW_PERCENTILES)
    return Group(plain_table(heads_, rows), Text(told, style="bold"))


def _texts(field: Field) -> tuple[str, ...]:
    return (
        field.name,
        field.title_zh,
        *field.aliases,
        field.meaning_en,
        field.meaning_zh,
        *field.tables,
    )


def screens_view(found: Sequence[tuple[str, SavedScreen, str]]) -> RenderableType:
    """List saved screens: name, title, checks, and where each is from."""
    rows = [
        [name, item.title, "; ".join(item.checks.values()) or item.where or "", where]
        for name, item, where in found
    ]
    return plain_table([say("screen"), say("title"), say("checks"), say("from")], rows)


def changes_view(before: ScreenResult, now: ScreenResult) -> RenderableType:
    """Tell who entered and who left between two days of one screen."""
    rows = screen_changes({row.listing: row.name for row in before.passes}, now)
    n_entered = sum(row["change"] == "entered" for row in rows)
    since = say(
        "Since {day}: {entered} entered, {left} left",
        day=before.as_of,
        entered=n_entered,
        left=len(rows) - n_entered,
    )
    words = {"entered": say("entered"), "left": say("left")}
    cells = [
        [words[row["change"]], row["listing"], row["name"], told(row["reason"])] for row in rows
    ]
    parts: list[RenderableType] = [Text(since, style="bold")]
    if cells:
        parts.append(plain_table(["", say("listing"), say("name"), say("why")], cells))
    return Group(*parts)


def value_text(unit: FieldUnit, value: float | str | bool | None) -> str:
    """Return a value of a field as people read it."""
    if value is None:
        return UNDEFINED
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, str):
        return value
    if unit is FieldUnit.MONEY:
        if bound() is Language.ZH:
            return f"{value / 1e8:,.2f}亿"
        return f"{value / 1e9:,.2f} bn"
    if unit in (FieldUnit.COUNT, FieldUnit.DAYS):
        return f"{value:,.0f}"
    return f"{value * 100:.2f} %" if unit is FieldUnit.FRACTION else f"{value:,.2f}"
