"""`python -m docs.making write`: all anew; `check`: what is stale; `build DIR`: the site."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from docs.making import commands, features, messages, packages, python, statistics, tables
from docs.making.blocks import blocks_of, ran
from docs.making.picture import take_pictures
from docs.making.words import PAGES, ROOT, word
from screener.language import Language, speaking

_REFERENCE = {
    "commands": commands.commands_page,
    "columns": tables.columns_page,
    "fields": tables.fields_page,
    "settings": tables.settings_page,
    "errors": tables.errors_page,
    "data": tables.lake_page,
    "files": tables.files_page,
    "rules": tables.rules_page,
    "python": python.python_page,
    "statistics": statistics.statistics_page,
    "messages": messages.messages_index,
}


def generated() -> Iterator[tuple[Path, str]]:
    """Give every generated page with its text."""
    for language in Language:
        folder = PAGES / str(language) / "reference"
        with speaking(language):
            for name, made in _REFERENCE.items():
                yield folder / f"{name}.md", made().rstrip() + "\n"
            yield folder.parent / "features.md", features.features_page().rstrip() + "\n"
            yield folder.parent / "changes.md", _changes()
            for room in messages.ROOMS:
                yield (
                    folder / "messages" / f"{room}.md",
                    messages.messages_page(room).rstrip() + "\n",
                )


def installed() -> Iterator[tuple[Path, str]]:
    """Give the pages that say what this environment holds: written, and stale nowhere else."""
    for language in Language:
        with speaking(language):
            page = packages.packages_page().rstrip() + "\n"
        yield PAGES / str(language) / "reference" / "packages.md", page


def _changes() -> str:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return text.replace("# Changes", f"# {word('Changes')}", 1)


def written() -> list[Path]:
    """Return the pages that are written by hand, both READMEs included."""
    made = {path for made in (generated(), installed()) for path, _ in made}
    hand = [path for path in sorted(PAGES.rglob("*.md")) if path not in made]
    return [*hand, *sorted(ROOT.glob("README*.md"))]


def language_of_page(path: Path) -> str:
    """Return the language in which the commands of a page answer."""
    return "zh" if "zh" in (*path.parts, *path.name.split(".")) else "en"


def refreshed(path: Path, demo: Path) -> str:
    """Return a page with what its commands print now."""
    page = path.read_text(encoding="utf-8")
    if not any(block.kind in ("console", "demo") for block in blocks_of(page)):
        return page
    with tempfile.TemporaryDirectory() as folder:
        return ran(page, demo, Path(folder).resolve(), language_of_page(path))


def whole(language: Language) -> str:
    """Return all pages of a language as one Markdown text, in the order of the menu."""
    folder = PAGES / str(language)
    order = [
        "index.md",
        "guides",
        "concepts",
        "numbers.md",
        "limits.md",
        "features.md",
        "reference",
    ]
    parts: list[str] = []
    for name in order:
        place = folder / name
        files = sorted(place.rglob("*.md")) if place.is_dir() else [place]
        parts += [path.read_text(encoding="utf-8").rstrip() for path in files]
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Write, check or build; return the exit code."""
    action, *rest = arguments or ["check"]
    stale = []
    made = [*generated(), *(installed() if action == "write" else ())]
    for path, text in made:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if action == "write":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if action == "write":
        from screener.demo import demo_workspace, simulate

        with tempfile.TemporaryDirectory() as folder:
            place = demo_workspace(Path(folder).resolve() / "demo")
            simulate(place)
            if not rest:
                take_pictures(place.root)
            for path in [Path(name).resolve() for name in rest] or written():
                path.write_text(refreshed(path, place.root), encoding="utf-8")
        return 0
    if action == "build":
        return _build(Path(rest[0]))
    for path in stale:
        sys.stdout.write(f"stale: {path.relative_to(ROOT)}; python -m docs.making write\n")
    return 1 if stale else 0


def _build(target: Path) -> int:
    import subprocess

    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    command += [
        "--config-file",
        str(ROOT / "docs" / "mkdocs.yml"),
        "--site-dir",
        str(target.resolve()),
    ]
    told = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, check=False, env=told)
    for language in Language:
        (target / f"screener.{language}.md").write_text(whole(language), encoding="utf-8")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
