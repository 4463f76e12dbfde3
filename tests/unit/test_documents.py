"""The documentation: complete, in step in both languages, and without a block that nobody runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from docs.making.blocks import blocks_of
from docs.making.commands import every_command
from docs.making.features import features
from docs.making.python import public_names
from docs.making.tables import every_error, files_page, key_meanings
from docs.making.words import PAGES, ROOT
from hatch_build import catalogs, read_catalog
from screener.data.lake.schema import TABLES
from screener.results.tables import every_declared
from screener.screen.fields import FIELDS
from screener.workflows.settings import held_settings

LANGUAGES = ("en", "zh")
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh.md"}
COMMANDS: dict[str, Any] = dict(every_command())
ItemT = TypeVar("ItemT")


def missing(items: Iterable[ItemT], is_there: Callable[[ItemT], bool]) -> list[ItemT]:
    found = list(items)
    assert found
    return [item for item in found if not is_there(item)]


def page(language: str, name: str) -> str:
    return (PAGES / language / name).read_text(encoding="utf-8")


def hand_written(language: str) -> dict[str, Path]:
    """Return the pages that people write, by their place."""
    folder = PAGES / language
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.md")}
    kept = {name: path for name, path in found.items() if not name.startswith("reference/")}
    return {**kept, "README": READMES[language]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_option_and_argument_is_there(language: str) -> None:
    text = page(language, "reference/commands.md")
    for words, command in COMMANDS.items():
        part = text.split(f"\n## {words}\n")[1].split("\n## ")[0]
        for item in command.params:
            if item.param_type_name == "option" and not item.hidden:
                assert all(f"{name}" in part for name in item.opts), (words, item.opts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_field_key_code_and_public_name_is_there(language: str) -> None:
    columns = page(language, "reference/columns.md")
    assert not missing(
        (spec.name for spec in every_declared()),
        lambda name: f"\n## {name}\n" in columns,
    )
    assert not missing(
        {column.name for spec in every_declared() for column in spec.columns},
        lambda name: f"| `{name}` |" in columns,
    )
    fields = page(language, "reference/fields.md")
    assert not missing(FIELDS, lambda name: f"`{name}`" in fields)
    data = page(language, "reference/data.md")
    assert not missing(
        [(name, column.name) for name, spec in TABLES.items() for column in spec.columns],
        lambda pair: f"`{pair[1]}`" in data.split(f"\n## {pair[0]}\n")[1].split("\n## ")[0],
    )
    settings = page(language, "reference/settings.md")
    assert not missing(held_settings(None, {}), lambda key: f"`{key}`" in settings)
    errors = page(language, "reference/errors.md")
    kinds = [kind for kind in every_error() if kind.exit_code != 1]  # type: ignore[attr-defined]
    assert not missing(kinds, lambda kind: f"| {kind.exit_code} | `{kind.__name__}` | " in errors)
    python = page(language, "reference/python.md")
    assert not missing([name for name, _ in public_names()], lambda name: f"# {name}\n" in python)


def test_no_key_of_a_file_is_explained_that_there_is_not() -> None:
    shown = re.sub(r"## screens/NAME.toml\n", "**SavedScreen**", files_page())
    kinds = {
        kind: set(re.findall(r"^\| `(\w+)`\??", part, re.MULTILINE))
        for kind, part in re.findall(r"\*\*(\w+)\*\*(.*?)(?=\*\*\w+\*\*|\Z)", shown, re.DOTALL)
    }
    explained = {kind: keys.keys() - {"_"} for kind, keys in key_meanings().items()}
    assert explained == kinds


def test_every_sentence_of_the_program_can_be_found() -> None:
    text = "".join(path.read_text() for path in (PAGES / "en/reference/messages").glob("*.md"))
    plain = re.sub(r"\\(.)", r"\1", text)
    (path,) = catalogs(ROOT)
    from babel.messages.extract import extract_from_dir

    from hatch_build import KEYWORDS

    said = [
        message if isinstance(message, str) else message[0]
        for _, _, message, _, _ in extract_from_dir(
            str(ROOT / "screener/workflows"), keywords=KEYWORDS
        )
        if message
    ]
    assert len(said) > 400
    assert not missing(said, lambda one: " ".join(one.split()) in plain)
    chinese = read_catalog(path)
    assert not missing(
        said,
        lambda one: (
            (found := chinese.get(one)) is None
            or " ".join(
                str(found.string if isinstance(found.string, str) else found.string[0]).split()
            )
            in plain
        ),
    )


def test_both_languages_have_the_same_pages_commands_and_files() -> None:
    english, chinese = (hand_written(language) for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for name in english:
        typed = []
        for path in (english[name], chinese[name]):
            text = path.read_text(encoding="utf-8")
            typed.append(
                [
                    (block.kind, block.file, _typed(block.text))
                    for block in blocks_of(text)
                    if block.kind in ("console", "csv", "text", "toml", "python")
                ]
            )
        assert typed[0] == typed[1], name


def _typed(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.startswith("$ ")]
    return lines or text.splitlines()


def test_both_readmes_name_the_same_commands_and_figures() -> None:
    found = []
    for path in READMES.values():
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 150
        prose = re.sub(r"^```demo.*?^```", "", text, flags=re.M | re.S)
        prose = re.sub(r"^```console.*?^```", "", prose, flags=re.M | re.S)
        commands = re.findall(r"`((?:screener|make|uv|pipx|pip|data) [^`]*)`", prose)
        figures = re.findall(r"(?<![\w.])\d[\d,.]*(?![\w.])", prose)
        found.append((sorted(commands), sorted(figure.strip(",.") for figure in figures)))
    assert found[0] == found[1]


def test_no_block_is_left_unrun_without_its_reason() -> None:
    kinds = {"console", "csv", "text", "toml", "ini", "sql", "python", "pycon", "demo", "sh"}
    for language in LANGUAGES:
        for name, path in hand_written(language).items():
            for block in blocks_of(path.read_text(encoding="utf-8")):
                assert block.kind in kinds, (name, block.kind)
                if block.kind in {"sh", "sql"}:
                    assert re.match(r"(#|--) needs ", block.text), (name, block.text)


def test_links_of_the_readmes_lead_somewhere() -> None:
    for path in (
        *READMES.values(),
        *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md")),
    ):
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (ROOT / target).exists(), (path.name, target)


def test_each_feature_is_shown_by_a_command_that_there_is() -> None:
    rows = features()
    assert [row["n"] for row in rows] == list(range(1, 67))
    for row in rows:
        for typed in row.get("by", "").split("; "):
            if not typed.startswith("screener "):
                assert row.get("not_wanted") or typed.startswith(("python -m ", "make ")), row["n"]
                continue
            command = max(
                (words for words in COMMANDS if f"{typed} ".startswith(f"{words} ")), key=len
            )
            known = {name for item in COMMANDS[command].params for name in item.opts}
            for part in shlex.split(typed.removeprefix(command)):
                if part.startswith("--"):
                    assert part in known, (row["n"], part)
