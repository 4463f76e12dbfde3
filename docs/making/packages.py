"""What is installed with the program: packages, their licences, the megabytes of each extra."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from docs.making.words import cell, code, heading, table, word

__all__ = ["EXTRAS", "packages_page"]

EXTRAS = ("", "baostock", "shared", "cluster", "docs")
"""What people install: the program alone, then with each extra."""


def packages_page() -> str:
    """Return the page of the packages of this environment that the program and its extras need."""
    lines = heading(
        "Packages and their licences",
        "What `pip install screener` brings, and what each extra brings besides: packages with the "
        "licence that they state, and megabytes on disk (Linux, Python 3.11, versions of "
        "`constraints.txt`).",
        source="from the metadata of the installed packages",
    )
    told = set(metadata.metadata("screener").get_all("Provides-Extra") or ())
    bare = _needed("")
    for extra in EXTRAS:
        if extra and extra not in told:
            continue
        names = bare if not extra else _needed(extra) - bare
        size = sum(map(_bytes, names)) / 1e6
        called = code(f"screener[{extra}]" if extra else "screener")
        lines += [
            f"## {called}",
            "",
            word(
                "{n} packages, {size} MB." if len(names) > 1 else "{n} package, {size} MB."
            ).format(n=len(names), size=f"{size:,.1f}" if size < 10 else f"{size:,.0f}"),
            "",
        ]
        lines += table(
            ("package", "licence", "MB"),
            (
                (code(name), cell(_licence(name)), f"{_bytes(name) / 1e6:.1f}")
                for name in sorted(names)
            ),
        )
    return "\n".join(lines)


def _needed(extra: str) -> set[str]:
    """Return every package that the program needs with an extra, those of others' extras too."""
    found: set[str] = set()
    waiting = [Requirement(f"screener[{extra}]" if extra else "screener")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        for one in ("", *wanted.extras):
            name = canonicalize_name(wanted.name)
            if (name, one) in seen:
                continue
            seen.add((name, one))
            found.add(name)
            waiting += _requirements(name, one)
    return found - {"screener"}


def _requirements(name: str, extra: str) -> Iterator[Requirement]:
    for text in metadata.requires(name) or ():
        wanted = Requirement(text)
        if wanted.marker is None:
            if not extra:
                yield wanted
        elif wanted.marker.evaluate({"extra": extra}) and (
            not extra or not wanted.marker.evaluate({"extra": ""})
        ):
            yield wanted


def _licence(name: str) -> str:
    """Return the licence that a package states, in a few words."""
    told = metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return str(expression)
    named = [
        text.rsplit(" :: ", 1)[1]
        for text in told.get_all("Classifier") or ()
        if text.startswith("License :: ") and not text.endswith("OSI Approved")
    ]
    first = str(told.get("License") or "").strip().split("\n")[0]
    return ", ".join(named) or first or word("not stated")


def _bytes(name: str) -> int:
    places = (Path(str(file.locate())) for file in metadata.files(name) or ())
    return sum(path.stat().st_size for path in places if path.is_file())
