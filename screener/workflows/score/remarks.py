"""What a reader of a score should know: assumed benchmarks, estimates, thin tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.total_return import Peers, TotalReturnPanel
from screener.language import say, say_count
from screener.language.lists import listed
from screener.market.calendars import Calendar
from screener.scoring.score import Judged
from screener.workflows.naming import industry_remark

__all__ = ["remarks_of"]

_Panels = Sequence[tuple[TotalReturnPanel, Calendar]]
_STALE = 3  # years after which a definition may be another one


def remarks_of(store: Store, judged: Judged, panels: _Panels) -> Iterator[str]:
    """Yield what a reader of judged calls should know, by the tables that they rest on."""
    outcomes = judged.outcomes
    told = np.isfinite(outcomes.active_return) | np.isfinite(judged.proxy_active)
    yield from _benchmark_remarks(judged, panels, told)
    if judged.calls.estimated[told].any():
        yield say("Calls with an estimated date are judged from the estimate: shown as est.")
    yield from _definition_remarks(judged, told)
    if told.any():
        yield from _action_remarks(store, panels)
    if outcomes.matured.any():
        yield from _coverage_remarks(store, panels)
    if np.isfinite(outcomes.rates.industry).any():
        yield industry_remark(store)


def _benchmark_remarks(
    judged: Judged, panels: _Panels, told: npt.NDArray[np.bool_]
) -> Iterator[str]:
    taken = told & judged.assumed
    for broker, printed, name in sorted(
        set(
            zip(
                *(
                    column[taken].tolist()
                    for column in (judged.calls.broker, judged.printed, judged.benchmark)
                ),
                strict=True,
            )
        )
    ):
        if printed:
            yield say(
                "{broker} measures against {printed}: {name} stands in for it.",
                broker=broker,
                printed=printed,
                name=name,
            )
        else:
            yield say("{broker} names no benchmark: {name} is taken.", broker=broker, name=name)
    flat = sorted(
        str(series.listing)
        for panel, _ in panels
        for series in panel.indices.values()
        if series.basis == "price"
    )
    if flat and told.any():
        yield say(
            "Without its dividends a price index flatters what is measured against it: {indices}.",
            indices=listed(flat),
        )


def _definition_remarks(judged: Judged, told: npt.NDArray[np.bool_]) -> Iterator[str]:
    """Tell by which definitions calls are judged that are not theirs for certain."""
    held = np.flatnonzero(told & (judged.contract >= 0))
    contracts = [judged.contracts[at] for at in judged.contract[held].tolist()]
    days = judged.calls.published[held].tolist()
    pairs = list(zip(contracts, days, strict=True))
    if n := sum(item.since > day and not item.former for item, day in pairs):
        yield say_count(
            "Older than any definition of its broker, and judged by the first known one as asked: "
            "{n} call.",
            "Older than any definition of their broker, and judged by the first known one as "
            "asked: {n} calls.",
            n,
        )
    former = sorted({(item.broker, item.former) for item in contracts if item.former})
    for broker, name in former:
        yield say(
            "{broker} is judged by what it printed as {name}, as asked.", broker=broker, name=name
        )
    old = sorted({item.broker for item, day in pairs if _years(item.last_seen, day) > _STALE})
    if old:
        yield say(
            "Definitions last seen more than {years} years before the call: {brokers}.",
            years=_STALE,
            brokers=listed(old),
        )
    if names := sorted({item.broker for item in contracts if item.months_assumed}):
        yield say(
            "No horizon is printed, and that of most brokers is taken: {brokers}.",
            brokers=listed(names),
        )
    if n := int(judged.ranked[held].sum()):
        yield say_count(
            "A vendor's word that its broker does not use, mapped by its rank, is an assumption: "
            "{n} call, counted apart.",
            "A vendor's words that their brokers do not use, mapped by their rank, are an "
            "assumption: {n} calls, counted apart.",
            n,
        )


def _years(earlier: date, later: date) -> float:
    return (later - earlier).days / 365.25


def _coverage_remarks(store: Store, panels: _Panels) -> Iterator[str]:
    master = store.read(TableName.LISTINGS, columns=("listing", "kind"))
    stocks = master.filter(pc.equal(master.column("kind"), "stock")).column("listing").to_pylist()
    for panel, _ in panels:
        held = int((panel.peers == Peers.STOCKS).sum())
        known = sum(name.endswith(".HK") != panel.mainland for name in stocks)
        if 0 < held < known:
            yield say(
                "Base rates rest on the {n} of {all} {market} listings that have bars: the market "
                "as a whole may differ.",
                n=format(held, ","),
                all=format(known, ","),
                market=say("mainland") if panel.mainland else say("Hong Kong"),
            )


def _action_remarks(store: Store, panels: _Panels) -> Iterator[str]:
    acted = set(store.read(TableName.FACTORS, columns=("listing",)).column("listing").to_pylist())
    for panel, _ in panels:
        ids = {
            item.id
            for item, peers in zip(panel.listings, panel.peers, strict=True)
            if peers == Peers.STOCKS
        }
        if ids and acted.isdisjoint(ids):
            yield (
                say(
                    "No mainland listing has corporate actions in the tables: returns of raw "
                    "prices leave dividends and splits out."
                )
                if panel.mainland
                else say(
                    "No Hong Kong listing has corporate actions in the tables: returns of raw "
                    "prices leave dividends and splits out."
                )
            )
