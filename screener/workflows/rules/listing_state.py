"""What the tables tell of one listing on one day, as it could be known then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.asof import AsOf
from screener.data.lake.rows import days_of
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.held_factors import factor_on
from screener.data.panels.price_panel import read_eligibility
from screener.domain.eligibility import Eligibility
from screener.domain.listing import Listing
from screener.market.limits import price_grid
from screener.market.special_treatment import in_delisting_period, is_s_share

__all__ = ["Known", "read_known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """State of a listing on a day; `None` where the tables do not tell.

    Parameters
    ----------
    name
        Its name; empty where it is not known.
    st
        Whether it is under special treatment.
    unreformed
        Whether it is an S share.
    delisting_since
        First day known to bear the name of a delisting period, if it bears one.
    suspended
        Whether it is suspended.
    board_lot
        Shares in its board lot.
    list_date
        First trading day.
    fund
        Whether it is a fund.
    gone
        Whether it was delisted by then.
    previous_close, previous_session
        Last close before the day, in its currency, and its session.
    reference
        That close corrected for an ex-date since, rounded to the tick as the exchanges do.
    adjusted
        Whether prices are adjusted ones, so that limits from them are approximate.
    eligibility
        Its days in the list of southbound or northbound trading.
    """

    name: str = ""
    st: bool | None = None
    unreformed: bool = False
    delisting_since: date | None = None
    suspended: bool | None = None
    board_lot: int | None = None
    list_date: date | None = None
    fund: bool | None = None
    gone: bool = False
    previous_close: float | None = None
    previous_session: date | None = None
    reference: float | None = None
    adjusted: bool = False
    eligibility: Eligibility = field(default_factory=Eligibility)

    def shown(self) -> dict[str, object]:
        """Return it as values by name, for a page or a document."""
        return {
            "name": self.name or None,
            "st": self.st,
            "delisting_period": None if not self.name else self.delisting_since is not None,
            "suspended": self.suspended,
            "list_date": self.list_date,
            "board_lot": self.board_lot,
            "fund": self.fund,
            "previous_close": self.previous_close,
            "previous_session": self.previous_session,
            "reference": self.reference,
        }


def read_known(store: Store, listing: Listing, session: date) -> Known:
    """Read the state of a listing on a day, from nothing that is dated later.

    Parameters
    ----------
    store
        The lake, at the version to read.
    listing
        A security.
    session
        The day.
    """
    known = AsOf.after_close(store, session)
    named = _row(known.names_on(session), listing)
    name = str(named.get("name", ""))
    status = _row(store.read(TableName.STATUS, start=session, end=session), listing)
    lot = _row(known.board_lots(session), listing).get("lot")
    alive = _row(known.listings_alive(), listing)
    before, close, reference, adjusted = _reference(store, listing, session)
    return Known(
        name=name,
        st=_special(known, listing, session, bool(name) or status.get("st") is not None),
        unreformed=is_s_share(name),
        delisting_since=_delisting_since(store, listing, session),
        suspended=_suspended(store, listing, session, status),
        board_lot=None if lot is None else int(lot),
        list_date=alive.get("list_date"),
        fund=alive["kind"] == "fund" if alive else None,
        gone=bool(_row(known.listings_gone(), listing)),
        previous_close=close,
        previous_session=before,
        reference=reference,
        adjusted=adjusted,
        eligibility=read_eligibility(store, [listing])[0],
    )


def _row(rows: pa.Table, listing: Listing) -> dict[str, Any]:
    found = rows.filter(pc.equal(rows.column("listing"), listing.id)).to_pylist()
    return found[-1] if found else {}


def _special(known: AsOf, listing: Listing, session: date, told: bool) -> bool | None:
    return listing.id in known.st_on(session) if told else None


def _delisting_since(store: Store, listing: Listing, session: date) -> date | None:
    """Return the first day of the names of a delisting period, one after the other, up to a day."""
    since = None
    for row in store.read(TableName.NAMES, listings=[listing.id]).to_pylist():
        if row["valid_from"] <= session:
            begun = since or row["valid_from"]
            since = begun if in_delisting_period(row["name"]) else None
    return since


def _suspended(
    store: Store, listing: Listing, session: date, status: dict[str, Any]
) -> bool | None:
    if status:
        return bool(status["suspended"])
    bar = store.read(TableName.BARS, listings=[listing.id], start=session, end=session)
    return False if bar.num_rows else None


def _reference(
    store: Store, listing: Listing, session: date
) -> tuple[date | None, float | None, float | None, bool]:
    last = store.last_values([listing.id], before=session).get(listing.id)
    if last is None:
        return None, None, None, False
    before, close = last
    adjusted = store.spans([listing.id])[listing.id].basis is Basis.ADJUSTED
    if adjusted:
        return before, close, close, True
    rows = store.read(TableName.FACTORS, listings=[listing.id], end=session)
    then, now = factor_on(
        days_of(rows, "ex_session"),
        rows.column("factor").to_numpy(),
        np.array([before, session], dtype="datetime64[D]"),
    )
    return before, close, price_grid(listing, session).half_up(close * float(then / now)), False
