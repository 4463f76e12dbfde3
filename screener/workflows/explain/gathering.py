"""What one row of a run rests on: facts of how it was made, and rows of the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from screener.backtest.frictions import Order
from screener.data.lake.asof import REACH, AsOf
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import Event
from screener.language import say
from screener.results.tables import Row
from screener.screen.fields import FIELDS, Field
from screener.study.units import Observation
from screener.workflows.backtest.run import run_events
from screener.workflows.explain.explain import Quote, names_of
from screener.workflows.explain.sources import (
    SourceRow,
    action_sources,
    bar_sources,
    last_statements,
    row_sources,
)
from screener.workflows.follow.run import FollowRun
from screener.workflows.score.run import ScoreRun
from screener.workflows.screen.run import ScreenRequest
from screener.workflows.study.placebo.run import PlaceboRun
from screener.workflows.study.run import StudyRun

__all__ = ["Gathered", "gathered"]


@dataclass(slots=True)
class Gathered:
    """What is gathered of a row; `named` are reports with the listings of theirs that count."""

    facts: tuple[tuple[str, str], ...] = ()
    sources: list[SourceRow] = field(default_factory=list)
    named: list[tuple[str, str]] = field(default_factory=list)


def gathered(
    kind: str, table: str, run: Any, request: Any, store: Store, row: Row, at: int
) -> Gathered:
    """Gather what the row `at` of a table of a run rests on; nothing for an unknown kind."""
    makers: dict[str, Callable[[], Gathered]] = {
        "study": lambda: _study(table, run, store, row),
        "placebo": lambda: _placebo(run, store, row),
        "follow": lambda: _follow(run, store, row),
        "score": lambda: _score(table, run, store, row, at),
        "screen": lambda: _screen(request, store, row),
    }
    return makers.get(kind, Gathered)()


def _published(event: Event) -> tuple[str, str]:
    published = event.published
    return say("Published"), f"{published.text()} {published.evidence}".strip()


# ---- studies


def _study(table: str, run: StudyRun, store: Store, row: Row) -> Gathered:
    units = [(at, unit) for at, unit in enumerate(run.units.every) if _is_of(run, unit, row)]
    settings = run.request.settings
    facts = [
        (say("Model"), f"{settings.model}: {settings.model.meaning}"),
        (
            say("Windows"),
            say(
                "learned in {first}..{last}, judged in {begin}..{end}",
                first=settings.windows.estimation[0],
                last=settings.windows.estimation[1],
                begin=settings.windows.event[0],
                end=settings.windows.event[1],
            ),
        ),
    ]
    found = Gathered()
    if table in ("tests", "sessions"):
        facts.append((say("Test"), str(row.get("method") or "")))
        found.sources += _counted(run, units, row)
    else:
        for _, unit in units:
            event = run.request.events[unit.event]
            facts.append(_published(event))
            found.sources += _legs(run, unit, store)
            names = [run.panel.listings[leg.column].id for leg in unit.legs if leg.kept]
            found.named += [(event.report, name) for name in names]
    found.facts = tuple(fact for fact in facts if fact[1])
    return found


def _is_of(run: StudyRun, unit: Observation, row: Row) -> bool:
    event = run.request.events[unit.event]
    if "group" in row:
        group = next(item for item in run.groups if item.name == row["group"])
        return any(run.units.every[at] is unit for at in group.units)
    names = {run.panel.listings[leg.column].id for leg in unit.legs}
    mine = not row.get("listing") or row["listing"] in names
    return (event.basket, event.report) == (row["basket"], row["report"]) and mine


def _counted(run: StudyRun, units: list[tuple[int, Observation]], row: Row) -> Iterator[SourceRow]:
    """Give the units that a test counts, with the value of each."""
    places = {int(at): row for row, at in enumerate(run.units.kept)}
    windows = run.request.settings.windows
    part = next((item for item in windows.parts() if item.part == row.get("part")), None)
    for at, unit in units:
        event = run.request.events[unit.event]
        if at not in places:
            continue
        abnormal = run.units.abnormal
        if part is None:
            column = int(str(row["session"])) - windows.event[0]
            name, value = "ar", float(abnormal.values[places[at], column])
        else:
            number = windows.parts().index(part)
            name = f"car_{part.part.column}"
            value = float(abnormal.car[places[at], number])
        if np.isfinite(value):
            listing = run.panel.listings[unit.legs[0].column].id if len(unit.legs) == 1 else ""
            yield SourceRow(
                used_for=f"{event.basket} {event.report}".strip(),
                table="units",
                listing=listing,
                day=unit.entry,
                column=name,
                value=value,
            )


def _legs(run: StudyRun, unit: Observation, store: Store) -> Iterator[SourceRow]:
    """Give the bars of the event window of each kept name, its actions and its index."""
    windows = run.request.settings.windows
    spans: list[tuple[date, date]] = []
    for leg in unit.legs:
        if not leg.kept or leg.position < 0:
            continue
        own = run.panel.own_rows(leg.column)
        places = np.clip(
            leg.position + np.array([*windows.estimation, *windows.event]) - [1, 0, 1, 0],
            0,
            len(own) - 1,
        )
        days = [run.panel.session(int(own[at])) for at in places]
        listing = run.panel.listings[leg.column].id
        for used, first, last in (
            (say("estimation window, its first close"), days[0], days[0]),
            (say("estimation window, its last close"), days[1], days[1]),
            (say("event window, from the close before it"), days[2], days[3]),
        ):
            yield from bar_sources(store, listing, first, last, used)
        entry = leg.entry
        yield from bar_sources(store, listing, entry, entry, say("entry session"), ("open",))
        yield from action_sources(store, listing, days[0], days[3])
        spans.append((days[2], days[3]))
    for index in run.benchmarks if spans else ():
        first, last = min(one for one, _ in spans), max(one for _, one in spans)
        yield from bar_sources(store, index, first, last, say("index"))


# ---- random baskets


def _placebo(run: PlaceboRun, store: Store, row: Row) -> Gathered:
    at = next(
        at
        for at, item in enumerate(run.results)
        if (item.real.window.event.basket, item.real.window.event.report)
        == (row["basket"], row["report"])
        and item.real.window.horizon == row["horizon"]
    )
    item = run.results[at]
    event = item.real.window.event
    found = Gathered(facts=(_published(event),))
    if item.matched is not None:
        told = say(
            "{draws} baskets, seed {seed}: for each name one of its {n} nearest stocks by {traits}",
            draws=run.request.draws,
            seed=run.request.seed,
            n=item.matched.n_controls,
            traits=item.matched.matched_text,
        )
        found.facts = (*found.facts, (say("Random baskets"), told))
        for listing, controls in zip(item.bought, item.matched.ids, strict=True):
            for rank, control in enumerate(controls, start=1):
                found.sources.append(
                    SourceRow(
                        used_for=say("control of {listing}", listing=listing),
                        table="controls",
                        listing=control,
                        column="rank",
                        value=rank,
                    )
                )
    real = run_events(store, run.request.backtest, program_version="")
    for share in names_of(store, real.panels[at], real.results[at]):
        bought = _quoted(share.listing, say("bought"), share.bought)
        valued = _quoted(share.listing, say("valued"), share.valued)
        found.sources = [*bought, *valued, *found.sources]
        found.named.append((event.report, share.listing))
    return found


def _quoted(listing: str, used_for: str, quote: Quote | None) -> Iterator[SourceRow]:
    if quote is not None:
        yield SourceRow(
            used_for=used_for,
            table="bars",
            listing=listing,
            day=quote.session,
            column=quote.field,
            value=quote.price,
            source=quote.source,
            known_at=str(quote.fetched_at or ""),
        )


# ---- streams


def _follow(run: FollowRun, store: Store, row: Row) -> Gathered:
    found = Gathered()
    for one in run.followed:
        event = one.event
        if (event.basket, event.report) != (row.get("basket"), row.get("report")):
            continue
        entered = row.get("entry_session")
        if entered is not None and min(day for _, day in one.entries) != entered:
            continue
        found.facts = (*found.facts, _published(event))
        if one.why:
            found.facts = (*found.facts, (say("Why"), one.why))
        lines = () if one.execution is None else one.execution.lines
        for line in lines:
            listing = line.listing.id
            if row.get("listing") not in (None, listing):
                continue
            day = run.panel.session(line.row)
            side = str(line.side) if isinstance(line, Order) else str(line.kind)
            found.sources += bar_sources(store, listing, day, day, side, ("open", "close"))
            found.named.append((event.report, listing))
        if lines:
            first = min(run.panel.session(line.row) for line in lines)
            last = run.panel.session(one.last_row) if one.last_row is not None else _end(run)
            for listing in dict.fromkeys(line.listing.id for line in lines):
                found.sources += action_sources(store, listing, first, last)
    return found


def _end(run: FollowRun) -> date:
    end: date = run.curve.sessions[-1].item()
    return end


# ---- scores


def _score(table: str, run: ScoreRun, store: Store, row: Row, at: int) -> Gathered:
    if table == "scores":
        return _group(run, row)
    judged = run.judged
    calls, ended = judged.calls, judged.outcomes
    found = Gathered()
    place = int(judged.contract[at])
    if place >= 0:
        contract = judged.contracts[place]
        told = say(
            "{rating}, {low} to {high} months, from {card}, first seen {since}",
            rating=contract.rating,
            low=contract.months_low,
            high=contract.months_high,
            card=contract.card,
            since=contract.since,
        )
        found.facts = ((say("Definition"), told),)
    found.sources += _said(run, store, at)
    start, end = row["start_session"], row["end_session"]
    if isinstance(start, date) and isinstance(end, date):
        for role, item in ((say("security"), judged.subject[at]), (say("index"), judged.index[at])):
            if item is None:
                continue
            for day in (start, end):
                found.sources += bar_sources(store, item.id, day, day, role)
            found.sources += action_sources(store, item.id, start, end)
    entered = ended.entry[at].item()
    if isinstance(entered, date) and judged.subject[at] is not None:
        reader = say("reader's open")
        subject = judged.subject[at].id
        found.sources += bar_sources(store, subject, entered, entered, reader, ("open",))
    listing = calls.listing[at]
    found.named.append((str(calls.source[at]), "" if listing is None else listing.id))
    return found


def _said(run: ScoreRun, store: Store, at: int) -> Iterator[SourceRow]:
    """Give the row of the table of ratings that a call comes from, if it comes from one."""
    calls = run.judged.calls
    listing, day = calls.listing[at], calls.published[at].item()
    if listing is None:
        return
    rows = store.read(TableName.RATINGS, listings=[listing.id], start=day, end=day).to_pylist()
    for row in rows:
        if row["source"] == calls.source[at] or row["title"] == calls.title[at]:
            yield from row_sources("ratings", row, say("the call"), day="published")


def _group(run: ScoreRun, row: Row) -> Gathered:
    """Return the calls of a group with how each ended."""
    calls, ended = run.judged.calls, run.judged.outcomes
    members: dict[str, Callable[[int], tuple[object, ...]]] = {
        "broker": lambda at: (calls.broker[at],),
        "analyst": lambda at: tuple(calls.analysts[at]),
        "theme": lambda at: tuple(calls.themes[at]),
        "rating": lambda at: (calls.rating[at],),
    }
    found = Gathered()
    for at in range(len(calls)):
        if any(row.get(key) and row[key] not in of(at) for key, of in members.items()):
            continue
        listing = calls.listing[at]
        found.sources.append(
            SourceRow(
                used_for=str(ended.verdict[at]),
                table="calls",
                listing="" if listing is None else listing.id,
                day=calls.published[at].item(),
                column="active_return",
                value=_number(ended.active_return[at]),
                source=str(calls.source[at]),
            )
        )
    return found


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


# ---- screens


def _screen(request: ScreenRequest, store: Store, row: Row) -> Gathered:
    listing, as_of = str(row["listing"]), request.as_of
    known = AsOf.after_close(store, as_of)
    fields = [FIELDS[name] for name in row if name in FIELDS]
    tables = dict.fromkeys(name for item in fields for name in item.tables)
    found = Gathered()
    told = [(item.name, f"{item.formula} ({', '.join(item.tables)})") for item in fields]
    found.facts = (*told, (say("As of"), str(as_of)))
    session = row.get("session")
    if "valuation" in tables and isinstance(session, date):
        found.sources += _valuation(store, listing, session, fields)
    if "fundamentals" in tables:
        found.sources += last_statements(known, listing, ())
    if "bars" in tables:
        first = as_of - timedelta(days=30)
        bars = bar_sources(store, listing, first, as_of, say("last bar"), ("close", "amount"))
        found.sources += bars[-2:]
    for name, rows, day in (
        ("industries", known.industries_on(), "valid_from"),
        ("listings", known.listings_alive(), "list_date"),
        ("names", known.names_on(), "valid_from"),
    ):
        if name in tables:
            mine = [one for one in rows.to_pylist() if one["listing"] == listing]
            found.sources += [
                one for held in mine for one in row_sources(name, held, say("that day"), day=day)
            ]
    if "ratings" in tables:
        rated = store.read(
            TableName.RATINGS,
            listings=[listing],
            start=as_of - timedelta(days=180),
            end=as_of,
        ).to_pylist()
        for held in rated:
            found.sources += row_sources("ratings", held, say("rating"), day="published")
    if "cards" in tables:
        found.named += [
            (card.id, listing)
            for card in request.cards
            if any(one.listing.id == listing for one in card.securities)
        ]
    return found


def _valuation(
    store: Store, listing: str, session: date, fields: list[Field]
) -> Iterator[SourceRow]:
    """Give for each field the last row of the table that tells it, within reach."""
    rows = store.read(
        TableName.VALUATION, listings=[listing], start=session - REACH, end=session
    ).to_pylist()
    rows.sort(key=lambda row: row["session"], reverse=True)
    names = [FIELDS[item.base].name if item.base else item.name for item in fields]
    for name in dict.fromkeys(names):
        row = next((one for one in rows if one.get(name) is not None), None)
        if row is not None:
            yield from row_sources("valuation", row, name, (name,))
