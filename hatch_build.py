"""Catalogs: compiled when the program is built or installed; kept by `make catalogs`.

`python hatch_build.py` finds every sentence of the program again, puts it into the catalogs, keeps
the translations that are there, and compiles them.
"""

from __future__ import annotations

import io
import os
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
LOCALE = Path("screener/language/locale")
KEYWORDS: dict[str, Any] = {"say": None, "say_count": (1, 2)}
DATE = datetime(2026, 1, 1, tzinfo=UTC)  # one for all: the same text gives the same file
HEAD = """\
# Each sentence in English, and what is said instead. `make catalogs` keeps the English up to date.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
FRAMEWORK_KEYWORDS: dict[str, Any] = {"_": None}


class CatalogHook(BuildHookInterface):
    """Compile the catalogs into wheels, source archives and editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile, and say that the results belong into the package although git ignores them."""
        compile_catalogs(Path(self.root))
        build_data["artifacts"].append(f"/{LOCALE.as_posix()}/**/*.mo")


def catalogs(root: Path) -> list[Path]:
    """Return the files of translations, by language."""
    return sorted((root / LOCALE).glob("*/LC_MESSAGES/screener.po"))


def compile_catalogs(root: Path) -> None:
    """Write a `.mo` beside each catalog; fuzzy messages stay English."""
    for path in catalogs(root):
        content = io.BytesIO()
        write_mo(content, read_catalog(path))
        path.with_suffix(".mo").write_bytes(content.getvalue())


def read_catalog(path: Path) -> Catalog:
    """Read a file of translations."""
    with path.open("rb") as file:
        found = read_po(file, locale=path.parts[-3], domain="screener")
    found.creation_date = found.revision_date = DATE
    return found


def template(root: Path) -> Catalog:
    """Return every sentence of the program, without translations."""
    found = Catalog(domain="screener", project="screener", charset="utf-8")
    for message, remarks in _sentences(root):
        found.add(message, auto_comments=remarks)
    return found


def _sentences(root: Path) -> Iterator[tuple[Any, list[str]]]:
    import typer

    package = str(root / "screener")
    for _, _, message, remarks, _ in extract_from_dir(
        package, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        yield message, remarks
    # The command framework's own, in one catalog with ours: it translates by one domain.
    for _, _, message, _, _ in extract_from_dir(
        str(Path(typer.__file__).parent), keywords=FRAMEWORK_KEYWORDS
    ):
        yield message, []
    os.environ["SCREENER_LANG"] = "en"
    yield from ((text, []) for text in (*_help(), *_meanings(), *_sources(root)))


def _sources(root: Path) -> list[str]:
    """Return what the tables of market rules name as their sources."""
    return [
        row["source"]
        for path in sorted((root / "screener/market/tables").glob("*.toml"))
        for rows in tomllib.loads(path.read_text(encoding="utf-8")).values()
        for row in (rows if isinstance(rows, list) else [])
        if "source" in row
    ]


def _help() -> list[str]:
    from typer.main import get_command

    from screener.cli.main import app
    from screener.cli.terminal.speaking import help_texts

    root: Any = get_command(app)
    return list(help_texts(root, root.context_class(root)))


def _meanings() -> list[str]:
    from screener.results.screen import screen_spec
    from screener.results.tables import every_declared

    tables = (*every_declared(), screen_spec((), ()))  # a field brings its own Chinese
    return [column.meaning for table in tables for column in table.columns]


def updated(path: Path, sentences: Catalog) -> bytes:
    """Return a file of translations brought up to date; what has no use any more goes."""
    kept = read_catalog(path)
    kept.update(sentences, no_fuzzy_matching=True)
    content = io.BytesIO()
    # Without places, dates and versions: they would change with every line that moves.
    write_po(
        content,
        kept,
        width=100,
        sort_output=True,
        no_location=True,
        omit_header=True,
        ignore_obsolete=True,
    )
    head = HEAD.format(language=kept.locale_identifier, plurals=kept.plural_forms)
    return head.encode() + content.getvalue()


def main() -> None:
    """Update and compile all catalogs."""
    sys.path.insert(0, str(ROOT))
    sentences = template(ROOT)
    for path in catalogs(ROOT):
        content = updated(path, sentences)
        if content != path.read_bytes():  # else make would install the program again
            path.write_bytes(content)
    compile_catalogs(ROOT)


if __name__ == "__main__":
    main()
