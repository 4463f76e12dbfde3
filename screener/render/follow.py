"""A followed stream on the terminal: what the account came to, and every event of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.language import say, say_count
from screener.render.account import as_float, closing_facts, opening_facts
from screener.render.backtest.blocks import sparkline
from screener.render.pages.words import word
from screener.render.tables import (
    banner,
    facts,
    heads,
    money_short,
    or_dash,
    plain_table,
    points,
)
from screener.results.follow import CURVE, EVENTS, MEASURES
from screener.results.tables import Row
from screener.workflows.follow.rows import event_rows, measure_row
from screener.workflows.follow.run import FollowRun
from screener.workflows.follow.streams import RATINGS

__all__ = ["follow_page", "title_of"]

_ROWS = 60
"""Events that the terminal lists; of more, those that were followed come first."""
_COLUMNS = (
    "basket",
    "report",
    "entry_session",
    "exit_session",
    "status",
    "money",
    "n_bought",
    "gain_return",
)


def follow_page(run: FollowRun, *, titles: Mapping[str, str] | None = None) -> RenderableType:
    """Return what an account came to as a page.

    Parameters
    ----------
    run
        The run.
    titles
        What to call a basket instead of its name.
    """
    row, events = measure_row(run), event_rows(run)
    shown = _shown(events)
    table = plain_table(heads(EVENTS, *_COLUMNS), [_cells(item, titles or {}) for item in shown])
    level = [(CURVE["chain_level"].label(), f"{run.level[-1]:.4f}")] if len(run.level) else []
    footer = say(
        "returns in %, in CNY · data version {version} · run {id}",
        version=run.data_version,
        id=run.run_id,
    )
    return Group(
        *banner(simulated=run.simulated),
        Text(title_of(row), style="bold"),
        Text(sparkline(run.curve.equity.tolist())),
        facts([*opening_facts(MEASURES, row), *level, *closing_facts(MEASURES, row)]),
        Text(),
        table,
        *(Text(line) for line in _left(events, shown)),
        *(Text(line) for line in _skipped(events, titles or {})),
        Text(footer, style="dim"),
    )


def title_of(row: Row) -> str:
    """Tell how many events were followed, and how."""
    if row["versions"] is not None:
        return say_count(
            "{versions} versions of {n} basket held one after the other, {first} to {last}",
            "{versions} versions of {n} baskets held one after the other, {first} to {last}",
            int(str(row["n_events"])),
            versions=row["versions"],
            first=row["from_session"],
            last=row["to_session"],
        )
    return say(
        "{followed} of {events} events followed in {slots} slots, {hold} sessions each, "
        "{first} to {last}",
        followed=row["n_followed"],
        events=row["n_events"],
        slots=row["slots"],
        hold=row["horizon"],
        first=row["from_session"],
        last=row["to_session"],
    )


def _cells(row: Row, titles: Mapping[str, str]) -> list[str]:
    return [
        _called(row, titles),
        or_dash(str(row["report"])),
        str(row["entry_session"]),
        or_dash(str(row["exit_session"] or "")),
        word(str(row["status"])),
        money_short(as_float(row["money"])),
        f"{row['n_bought']}/{row['n_named']}",
        points(as_float(row["gain_return"]), signed=True),
    ]


def _shown(events: Sequence[Row]) -> Sequence[Row]:
    """Return the events to list, in their order: of too many the last ones that had a slot."""
    if len(events) <= _ROWS:
        return events
    return [row for row in events if row["money"] is not None][-_ROWS:]


def _left(events: Sequence[Row], shown: Sequence[Row]) -> Iterator[str]:
    """Tell how many events are not listed, and how many found no slot."""
    if len(shown) < len(events):
        yield say(
            "the last {n} of {followed} followed events; all {all} are in --csv",
            n=len(shown),
            followed=sum(row["money"] is not None for row in events),
            all=len(events),
        )
    crowded = sum(row["status"] == "no_slot" for row in events)
    if crowded:
        yield say_count(
            "{n} event found every slot taken",
            "{n} events found every slot taken",
            crowded,
        )


def _skipped(events: Sequence[Row], titles: Mapping[str, str]) -> Iterator[str]:
    """Tell once for each lack which events were skipped for it."""
    for why in dict.fromkeys(str(row["reason"]) for row in events if row["reason"]):
        some = [row for row in events if row["reason"] == why]
        first = f"{_called(some[0], titles)} {some[0]['report']}".strip()
        yield say_count(
            "{n} event not bought: {why} ({first})",
            "{n} events not bought: {why} (first {first})",
            len(some),
            why=why,
            first=first,
        )


def _called(row: Row, titles: Mapping[str, str]) -> str:
    name = str(row["basket"])
    return titles.get(name) or (word(name) if name == RATINGS else name)
