"""What happened since the last look, on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from screener.domain.days import SHANGHAI
from screener.language import say, say_count
from screener.render.pages.words import told
from screener.render.tables import (
    UNDEFINED,
    banner,
    estimated_text,
    facts,
    heads,
    number,
    or_dash,
    plain_table,
    points,
)
from screener.results.backtest import RETURNS
from screener.results.tables import Row, TableSpec, Unit
from screener.results.today import CARDS, JUDGED, MATURED, RUN_DIFF, SCREENED
from screener.workflows.today.run import Today

__all__ = ["News", "news", "today_cell", "today_heading", "today_page"]

_SHOWN = 20
_CARDS = ("report", "kind", "broker", "published", "title")
_MATURED = (
    *("basket", "report", "horizon", "exit_session"),
    *("paper_return", "executable_return", "benchmark_return", "active_return"),
)
_JUDGED = ("broker", "listing", "rating", "published", "due", "status", "active_return")
_CHANGED = ("basket", "report", "horizon", "column", "old", "new")
_SCREENED = ("screen", "change", "listing", "name", "reason")
_PARTS = 4
News = tuple[str, str, TableSpec, Sequence[str], Sequence[Row]]
"""A kind of news: its name, its title, its table, the columns to show, its rows."""
_DIGITS = 4  # of a value that was corrected


def today_page(found: Today, titles: Mapping[str, str]) -> RenderableType:
    """Return what happened as a page: a table for each kind of news, then what is to be mended.

    Parameters
    ----------
    found
        What happened.
    titles
        What to call a basket instead of its name.
    """
    parts: list[RenderableType] = [
        *banner(simulated=found.simulated),
        Text(today_heading(found), style="bold"),
    ]
    for _, title, spec, names, rows in news(found):
        parts += _section(title, spec, names, rows, titles)
    return Group(*parts, *_lacks(found.lacks))


def news(found: Today) -> Sequence[News]:
    """Return each kind of news, what is newest for a reader first."""
    return (
        ("cards", say("New cards"), CARDS, _CARDS, found.cards),
        ("matured", say("Windows that ended"), MATURED, _MATURED, found.matured),
        ("judged", say("Calls that ended"), JUDGED, _JUDGED, found.judged),
        (
            "screened",
            say("Who entered and who left saved screens"),
            SCREENED,
            _SCREENED,
            found.screened,
        ),
        (
            "changed",
            say("Results that data have corrected"),
            RUN_DIFF,
            _CHANGED,
            _distinct(found.changed),
        ),
    )


def today_heading(found: Today) -> str:
    """Return since when it is told, and of which data."""
    before = found.before
    version = found.now.data_version
    if before.since is not None:
        since = str(before.since)
    elif before.at is None:
        return say(
            "The first look: all that is here, at data version {version}", version=_version(version)
        )
    else:
        since = _clock(before.at)
    if not found.has_news:
        return say(
            "Nothing new since {since} (data version {version})",
            since=since,
            version=_version(version),
        )
    old = before.data_version
    if before.since is not None or old == version:
        return say(
            "New since {since} (data version {version})", since=since, version=_version(version)
        )
    return say(
        "New since {since} (data version {old} to {version})",
        since=since,
        old=_version(old),
        version=_version(version),
    )


def _version(version: int | None) -> str:
    """Write a data version, `-` where there is none."""
    return UNDEFINED if version is None else str(version)


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _section(
    title: str,
    spec: TableSpec,
    names: Sequence[str],
    rows: Sequence[Row],
    titles: Mapping[str, str],
) -> Iterator[RenderableType]:
    if not rows:
        return
    yield Text()
    cells = [[today_cell(spec, name, row, titles) for name in names] for row in rows[:_SHOWN]]
    yield plain_table(heads(spec, *names), cells, title=title)
    hidden = len(rows) - _SHOWN
    if hidden > 0:
        yield Text(
            say_count(
                "and {n} more: --json FILE holds them all",
                "and {n} more: --json FILE holds them all",
                hidden,
            )
        )


def today_cell(spec: TableSpec, name: str, row: Row, titles: Mapping[str, str]) -> str:
    """Return a value as people read it, a basket by its title."""
    value = row[name]
    if name == "basket":
        return titles.get(str(value)) or str(value)
    if name == "published" and row.get("precision") == "estimated":
        return estimated_text(str(value))
    if name == "column":
        return RETURNS[str(value)].label()
    if name in ("old", "new"):
        return _corrected(str(row["column"]), value)
    if name in _WORDS:
        return _WORDS[name](str(value))
    if isinstance(value, int | float) and spec[name].unit is Unit.FRACTION:
        return points(float(value), signed=True)
    return UNDEFINED if value is None else or_dash(str(value))


def _distinct(rows: Sequence[Row]) -> Sequence[Row]:
    """Return what was corrected once, however many stored runs have it."""
    return tuple({tuple(str(row[name]) for name in _CHANGED): row for row in rows}.values())


def _corrected(column: str, value: object) -> str:
    """Write a value with digits enough to see that it is another one; fractions in percent."""
    if not isinstance(value, float):
        return UNDEFINED if value is None else str(value)
    fraction = RETURNS[column].unit is Unit.FRACTION
    return number(value * 100 if fraction else value, digits=_DIGITS, signed=fraction)


def _kind(kind: str) -> str:
    words = {
        "new": lambda: say("new"),
        "repost": lambda: say("repost"),
        "reiteration": lambda: say("reiteration"),
    }
    return words[kind]()


def _verdict(status: str) -> str:
    words = {"met": lambda: say("met"), "missed": lambda: say("missed")}
    return words[status]()


def _change(change: str) -> str:
    words = {"entered": lambda: say("entered"), "left": lambda: say("left")}
    return words[change]()


_WORDS: Mapping[str, Callable[[str], str]] = {
    "kind": _kind,
    "status": _verdict,
    "change": _change,
    "reason": told,
}


def _lacks(rows: Sequence[Row]) -> Iterator[RenderableType]:
    """Tell what is stale, missing or broken, and once each the command that mends it."""
    commands: dict[str, list[Row]] = {}
    for row in rows:
        commands.setdefault(str(row["command"]), []).append(row)
    words = {
        "stale": lambda: say("stale"),
        "missing": lambda: say("missing"),
        "broken": lambda: say("broken"),
    }
    if commands:
        yield Text()
        yield Text(say("Stale, missing or broken"), style="bold")
    for command, some in commands.items():
        pairs = [
            (
                words[str(row["state"])](),
                say("{what}: {why}", what=told(str(row["what"])), why=told(str(row["detail"]))),
            )
            for row in some[:_PARTS]
        ]
        yield facts(pairs)
        hidden = len(some) - _PARTS
        if hidden > 0:
            yield Text(
                say_count(
                    "and {n} more: --json FILE holds them all",
                    "and {n} more: --json FILE holds them all",
                    hidden,
                )
            )
        yield Text(
            say("correct it with: {command}", command=command)
            if command.startswith("screener")
            else command
        )
