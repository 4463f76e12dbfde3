"""Ids that lead nowhere: rows under a former code, of a bond, or of an index taken for a share."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor.findings import Check, Finding, Severity
from screener.data.lake.schema import TableName
from screener.domain.former_codes import renumbering
from screener.domain.listing import Board, Kind, parse_listing, stored_listing
from screener.errors import ScreenerError
from screener.language import say

__all__ = ["examine_ids"]


def examine_ids(bars: pa.Table) -> Iterator[Finding]:
    """Find listings of table `bars` whose rows nothing reads under their id, one finding each."""
    for name in sorted(pc.unique(bars.column("listing")).to_pylist()):
        fault = _fault(name)
        if fault:
            yield Finding(
                table=TableName.BARS,
                listing=name,
                session=None,
                check=Check.IDENTITY,
                severity=Severity.WARNING,
                cause=fault[0],
                value=None,
                expected=fault[1],
            )


def _fault(name: str) -> tuple[str, str] | None:
    listing = stored_listing(name)
    if listing.code[:1].isalpha() or listing.board is Board.INDEX:
        return None
    if listing.board is Board.BOND:
        return say("a bond, neither a share nor a fund"), say("no row")
    change = renumbering(listing.code)
    if change is not None and change.exchange == listing.exchange:
        present = f"{change.present}.{change.exchange}"
        return say(
            "a former code, {present} since {since}", present=present, since=change.since
        ), say("import its file again: {present}", present=present)
    try:
        parse_listing(name, kind=Kind.SECURITY)
    except ScreenerError:
        return say("an index, stored as a share"), say("import it with --kind index")
    return None
