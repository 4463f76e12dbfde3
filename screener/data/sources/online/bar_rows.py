"""Daily bars from a frame: the asked days, unadjusted, in shares and in the listing's currency.

`BarSource` is what all price sources share; a source adds its table in `upstream_tables/`, in
which, beside the keys of every endpoint, stand

    arguments   of akshare's function, with {prefix}, {code}, {start} and {end} filled in
    prefixes    upstream's mark of each exchange that the source serves
    boards      boards of the listings that it may be asked for
    optional    columns that are taken where they are sent, and whose cells may be empty;
                their units stand in `optional_units`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import Values, make_rows
from screener.data.lake.schema import Basis, TableName
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import Endpoint
from screener.domain.arrays import DayArray, FloatArray, Places
from screener.domain.listing import Board, Exchange, Listing
from screener.errors import SourceBlocked
from screener.language import say
from screener.language.terms import named

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BarSource", "VolumeUnit", "asked_listing", "bar_batch", "exchanges_of", "volume_unit"]

_UNITS = (1.0, 100.0, 0.01)
"""Shares; lots taken for shares; shares taken for lots."""
_UNIT_BAND = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeUnit:
    """What amount and price tell about the unit of a volume.

    Parameters
    ----------
    factor
        What brings the volume to shares; `None` if no unit fits.
    ratio
        Median of amount / (volume × close); NaN if no row has all three.
    """

    factor: float | None
    ratio: float


class BarSource:
    """A source of daily bars that answers with one frame for one call."""

    name: ClassVar[str]
    need: ClassVar[Need]
    exchanges: ClassVar[frozenset[Exchange]]
    hosts: ClassVar[tuple[str, ...]]
    upstream: ClassVar[Endpoint]

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def endpoint_for(self, listing: Listing) -> Endpoint:  # noqa: ARG002 - sources may differ
        """Return the endpoint that knows a listing."""
        return self.upstream

    def build_query(self, ask: Ask) -> Query:
        """Turn a question into the source's own call.

        Raises
        ------
        SourceBlocked
            If the listing's board is one that the source cannot be asked for.
        """
        arguments = self.arguments(ask)
        function = self.endpoint_for(asked_listing(ask)).function
        return Query(ask=ask, calls=(Call(function=function, arguments=arguments),))

    def arguments(self, ask: Ask) -> dict[str, str]:
        """Return what upstream is given for a question; raises as `build_query` does."""
        listing = asked_listing(ask)
        upstream = self.endpoint_for(listing)
        if listing.exchange not in self.exchanges or listing.board not in upstream.extra["boards"]:
            raise SourceBlocked(
                say(
                    "{source} cannot be asked for {board} listings of {exchange}",
                    source=self.name,
                    board=named(listing.board),
                    exchange=listing.exchange,
                ),
                where=listing.id,
                fix=say(
                    "use another source, or bring a file: "
                    "`screener data import FILE --kind {kind}`",
                    kind="index" if self.need is Need.INDEX_BARS else "bars",
                ),
            )
        return _filled(upstream, ask, listing)

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; raises as the wire does."""
        return fetch_all(self._wire, query, due=True)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the frame into rows of table `bars`; raises `SourceChanged` if it cannot."""
        (frame,) = payload
        if isinstance(frame, str):
            raise TypeError("a page came back where a frame was asked for")
        upstream = self.endpoint_for(asked_listing(query.ask))
        return bar_batch(query.ask, frame, upstream, source=self.name)


def asked_listing(ask: Ask) -> Listing:
    """Return the listing that is asked about; `ValueError` if there is none."""
    if ask.listing is None:
        raise ValueError(f"{ask.need} is asked of a listing")
    return ask.listing


def exchanges_of(upstream: Endpoint) -> frozenset[Exchange]:
    """Return the exchanges that an endpoint has a prefix for."""
    return frozenset(Exchange(name) for name in upstream.extra["prefixes"])


def volume_unit(volume: FloatArray, amount: FloatArray, close: FloatArray) -> VolumeUnit:
    """Tell the unit of a volume from the amount that was paid for it.

    A session's average price lies near its close, so amount / (volume × close) is near 1 for a
    volume in shares; it is near 100 for lots that pass for shares, and near 1/100 for shares that
    were multiplied as if they were lots. "Near" is within a factor of 2, by the median.

    Parameters
    ----------
    volume, amount, close
        `(n_rows,)` each; rows in which one of them is NaN or not positive say nothing.

    Returns
    -------
    VolumeUnit
        The factor is 1 where no row says anything.
    """
    telling = (volume > 0) & (amount > 0) & (close > 0)
    if not telling.any():
        return VolumeUnit(factor=1.0, ratio=float("nan"))
    ratio = float(np.median(amount[telling] / (volume[telling] * close[telling])))
    fits = [unit for unit in _UNITS if unit / _UNIT_BAND <= ratio <= unit * _UNIT_BAND]
    return VolumeUnit(factor=fits[0] if fits else None, ratio=ratio)


def bar_batch(ask: Ask, frame: pd.DataFrame, upstream: Endpoint, *, source: str) -> Batch:
    """Turn a frame into rows of table `bars`, basis raw.

    Parameters
    ----------
    ask
        Question about one listing; rows of other days than its own are left out.
    frame
        What upstream sent: one row per session.
    upstream
        Which columns it has, in which units.
    source
        Name written on every row and reject.

    Returns
    -------
    Batch
        Rows by session. A row whose day or number cannot be read is a `Reject`; so is every row
        if the volume's unit is neither shares nor lots. Remarks tell what was done to a volume.

    Raises
    ------
    SourceChanged
        If a column is missing.
    """
    listing = asked_listing(ask)
    order, days, numbers = _asked_days(ask, frame, upstream)
    reasons = _unreadable(days, numbers, required=frozenset(upstream.columns))
    remark = ""
    # an index has no price per share that its amount could be measured by
    if listing.board is not Board.INDEX and {"volume", "amount"} <= numbers.keys():
        numbers, remark, no_unit = _to_shares(numbers, upstream)
        reasons = [reason or no_unit for reason in reasons]
    good = np.array([not reason for reason in reasons], dtype=bool)
    columns: dict[str, Values] = {field: values[good] for field, values in numbers.items()}
    columns |= {"session": days[good], "listing": listing.id, "basis": Basis.RAW.value}
    return Batch(
        tables={
            TableName.BARS: make_rows(
                TableName.BARS, columns, source=source, fetched_at=ask.fetched_at
            )
        },
        rejects=tuple(
            _reject(listing, source, frame, int(order[row]), days[row], reasons[row])
            for row in np.flatnonzero(~good)
        ),
        remarks=(
            say("{source}, {listing}: {text}", source=source, listing=listing.id, text=remark),
        )
        if remark
        else (),
    )


def _asked_days(
    ask: Ask, frame: pd.DataFrame, upstream: Endpoint
) -> tuple[Places, DayArray, dict[str, FloatArray]]:
    """Return the rows of the asked days, by day, unreadable days last: place, day, numbers."""
    columns = _columns(frame, upstream)
    days = _days(columns.pop("session"))
    first, last = np.datetime64(ask.start, "D"), np.datetime64(ask.end, "D")
    order = np.argsort(days, kind="stable")
    order = order[np.isnat(days[order]) | ((days[order] >= first) & (days[order] <= last))]
    numbers = {field: _numbers(column)[order] for field, column in columns.items()}
    if "amount" in numbers:  # units of 10,000 times two decimals leave a floating tail
        numbers["amount"] = np.round(numbers["amount"], 2)
    return order, days[order], numbers


def _filled(upstream: Endpoint, ask: Ask, listing: Listing) -> dict[str, str]:
    facts = {
        "prefix": upstream.extra["prefixes"][listing.exchange],
        "code": listing.code,
        "start": ask.start,
        "end": ask.end,
    }
    return {name: text.format_map(facts) for name, text in upstream.extra["arguments"].items()}


def _columns(frame: pd.DataFrame, upstream: Endpoint) -> dict[str, pd.Series]:
    chosen = upstream.select(frame)
    found = {str(field): chosen[field] for field in chosen.columns}
    units: Mapping[str, float] = upstream.extra.get("optional_units", {})
    for field, name in upstream.extra.get("optional", {}).items():
        if name in frame.columns:
            found[field] = _series(frame[name]) * float(units.get(field, 1))
    return found


def _days(column: pd.Series) -> DayArray:
    import pandas as pd

    # dates come as date objects, text, timestamps or whole numbers, by the version and the frame
    text = column.astype("string")
    parsed = pd.to_datetime(text, format="ISO8601", errors="coerce")
    days: DayArray = parsed.to_numpy(dtype="datetime64[D]")
    return days


def _series(column: pd.Series) -> pd.Series:
    import pandas as pd

    numbers: pd.Series = pd.to_numeric(column, errors="coerce").astype("float64")
    return numbers


def _numbers(column: pd.Series) -> FloatArray:
    values = _series(column).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _unreadable(
    days: DayArray, numbers: Mapping[str, FloatArray], *, required: frozenset[str]
) -> list[str]:
    reasons = [""] * len(days)
    for field in reversed([name for name in numbers if name in required]):
        for row in np.flatnonzero(np.isnan(numbers[field])):
            reasons[row] = say("{field} is missing or no number", field=named(field))
    for row in np.flatnonzero(np.isnat(days)):
        reasons[row] = say("session is missing or no date")
    return reasons


def _to_shares(
    numbers: dict[str, FloatArray], upstream: Endpoint
) -> tuple[dict[str, FloatArray], str, str]:
    """Return the numbers with the volume in shares, the remark on it, and why no row can stay."""
    volume, amount = numbers["volume"], numbers["amount"]
    unit = volume_unit(volume, amount, numbers["close"])
    told = say("amount / (volume × close) is {ratio:.4g}", ratio=unit.ratio)
    if unit.factor is None:
        return numbers, "", say("{told}, neither shares nor lots", told=told)
    if np.isnan(unit.ratio) and "amount" in upstream.columns and np.any(volume > 0):
        unknown = np.where(volume > 0, np.nan, volume)
        remark = say("volume left empty, its unit cannot be told without an amount")
        return {**numbers, "volume": unknown}, remark, ""
    remark = say(
        "volume multiplied by {factor:g} to be in shares, {told}", factor=unit.factor, told=told
    )
    # lots may come with decimals that were cut off
    shares = np.round(volume * unit.factor)
    return {**numbers, "volume": shares}, remark if unit.factor != 1 else "", ""


def _reject(
    listing: Listing,
    source: str,
    frame: pd.DataFrame,
    place: int,
    day: np.datetime64,
    reason: str,
) -> Reject:
    session = None if np.isnat(day) else day.astype(object)
    cells = {str(name): _plain(cell) for name, cell in frame.iloc[place].items()}
    return Reject(
        table=TableName.BARS,
        file=f"{source} {listing.id}",
        # rows without a day are told apart by their place in the reply
        line=place + 1 if session is None else int(f"{session:%Y%m%d}"),
        reason=reason,
        row=json.dumps(cells, ensure_ascii=False),
        listing=listing.id,
        session=session,
    )


def _plain(cell: object) -> object:
    value = cell.item() if isinstance(cell, np.generic) else cell
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return None if str(value) in ("NaT", "<NA>") else str(value)
