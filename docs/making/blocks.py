"""Command blocks of the pages: run on a copy of the demonstration, their output put back.

A block begins with ```` ```console ````: lines that start with `$ ` are typed, the rest is what
they print. `cd DIR`, `cat FILE` and a last `| head -N` are understood beside `screener …`. A block
```` ```csv title="FILE" ```` (or text, toml) is a file that the commands after it find, and
```` ```demo ```` what `screener demo` tells of its baskets. A page's blocks share one folder, in
order.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Block", "blocks_of", "ran"]

_FENCE = re.compile(r"^```(\S+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.M | re.S)
_MASKS = (
    (re.compile(r"SIMULATED-[0-9a-f]{12}"), "SIMULATED-…"),
    (re.compile(r"\b\d+\.\d s\b"), "… s"),
)
WIDTH = "80"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page: its kind, the file that it is, its text and where that stands."""

    kind: str
    file: str
    text: str
    span: tuple[int, int]


def blocks_of(page: str) -> Iterator[Block]:
    """Give the fenced blocks of a page."""
    for found in _FENCE.finditer(page):
        yield Block(found[1], found[2] or "", found[3], found.span(3))


def ran(page: str, demo: Path, folder: Path, language: str) -> str:
    """Return a page with what its commands print now.

    Parameters
    ----------
    page
        Its text.
    demo
        A workspace of the demonstration, which is copied.
    folder
        An empty folder to work in.
    language
        Language in which the commands answer.
    """
    shutil.copytree(demo, folder / "screener-demo", dirs_exist_ok=True)
    there = folder / "screener-demo"
    told = list(page)
    out: list[str] = []
    end = 0
    for block in blocks_of(page):
        out.append(page[end : block.span[0]])
        if block.kind == "console":
            there, text = _typed(block.text, there, folder, language)
            out.append(text)
        elif block.kind == "demo":
            out.append(_demonstrated(folder, language))
        else:
            if block.file:
                (there / block.file).write_text(block.text, encoding="utf-8")
            out.append(block.text)
        end = block.span[1]
    out.append("".join(told[end:]))
    return "".join(out)


def _demonstrated(folder: Path, language: str) -> str:
    """Return what the demonstration tells of its baskets."""
    _, printed = _one("screener demo", folder, folder, language)
    start = next(at for at, line in enumerate(printed) if line.startswith("2. ")) + 1
    end = next(at for at, line in enumerate(printed) if at > start and line.startswith("≈")) + 1
    return "\n".join(printed[start:end]).strip("\n") + "\n"


def _typed(text: str, there: Path, folder: Path, language: str) -> tuple[Path, str]:
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("$ "):
            continue
        lines.append(line)
        there, printed = _one(line[2:].split("  #")[0], there, folder, language)
        lines += printed
    return there, "\n".join(lines) + "\n"


def _one(line: str, there: Path, folder: Path, language: str) -> tuple[Path, list[str]]:
    line, _, cut = line.partition(" | head -")
    words = shlex.split(line)
    if words[0] == "cd":
        return (there / words[1]).resolve(), []
    if words[0] == "cat":
        return there, (there / words[1]).read_text(encoding="utf-8-sig").splitlines()
    if words[0] != "screener":
        raise ValueError(f"no command of these pages: {line}")
    from typer.testing import CliRunner

    from screener.cli.main import app

    with _inside(there):
        done = CliRunner().invoke(
            app, words[1:], env={"COLUMNS": WIDTH, "SCREENER_LANG": language, "TERM": "dumb"}
        )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    printed = done.output.replace(f"{folder}{os.sep}", "")
    for pattern, shown in _MASKS:
        printed = pattern.sub(shown, printed)
    found = [item.rstrip() for item in printed.splitlines()]
    while found and not found[0]:
        found.pop(0)
    while found and not found[-1]:
        found.pop()
    if cut:
        return there, [*found[: int(cut)], "…"] if len(found) > int(cut) else found
    return there, [*found, f"(exit code {done.exit_code})"] if done.exit_code else found


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
