"""What a user asks to import, as a checked request."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from screener.data.lake.schema import Basis
from screener.data.sources.files import ImportKind, ImportRequest
from screener.domain.choices import choice
from screener.domain.listing import Kind, parse_listing

__all__ = ["import_request"]


def import_request(
    paths: tuple[Path, ...],
    kind: str,
    *,
    now: datetime,
    basis: str | None = None,
    listing: str | None = None,
    columns: tuple[tuple[str, str], ...] = (),
    units: tuple[tuple[str, str], ...] = (),
    as_of: date | None = None,
    dedupe: bool = False,
    continues: bool = False,
) -> ImportRequest:
    """Make the request of an import; see `ImportRequest` for its parts.

    Undated names and listings are of today; undated valuations, never taken for today's, of no day.

    Raises
    ------
    InputError
        If the kind, the basis or the listing is none.
    """
    wanted = choice(ImportKind, kind, parameter="--kind")
    today = now.astimezone().date()
    return ImportRequest(
        paths=paths,
        kind=wanted,
        fetched_at=now,
        today=today,
        basis=None if basis is None else choice(Basis, basis, parameter="--basis"),
        listing=None
        if listing is None
        else parse_listing(
            listing,
            parameter="--listing",
            kind=Kind.INDEX if wanted is ImportKind.INDEX else Kind.SECURITY,
        ),
        column_map=columns,
        units=units,
        as_of=as_of or (None if wanted is ImportKind.VALUATION else today),
        dedupe=dedupe,
        continues=continues,
    )
