"""What the reader of reports needs of the tables: every listing's names, and index closes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Listing, parse_listing
from screener.errors import DataError, ScreenerError
from screener.files.derived import keep, kept
from screener.files.place import Place
from screener.language import say
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.securities.stored_index import index_maker, index_of_bytes, index_to_bytes
from screener.workspace.locate import Workspace

__all__ = ["Masters", "read_masters"]

_DATED_BY = ("000300.SH", "HSI.HK", "000001.SH", "399001.SZ", "399006.SZ", "HSTECH.HK", "HSCEI.HK")
"""Indices whose closes date a market table."""

_KEPT = "names.json"


class Masters:
    """Names of every listing and closes of the indices, at one version of the data."""

    def __init__(self, names: NameIndex, closes: Mapping[str, Mapping[date, float]]) -> None:
        self.names = names
        self.closes = closes


def read_masters(place: Workspace) -> Masters:
    """Read the names and the index closes; the index of names is made once for each version.

    Raises
    ------
    DataError
        If there is no lake, or it holds no listing.
    """
    try:
        store = Store.open(place.lake)
    except DataError as error:
        raise DataError(
            say("no listing master: names cannot be told from other words"),
            where=str(place.lake),
            fix=say("run `screener data update`, or `screener data import FILE --kind listings`"),
        ) from error
    with store:
        return _masters(store.place, store.version, _Opened(store))


class _Opened:
    """A store that plays no part in what it is the key of."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Opened)


@lru_cache(maxsize=2)
def _masters(place: Place, _version: int, opened: _Opened) -> Masters:
    return Masters(_kept_names(place.folder, opened.store), _closes(opened.store))


def _kept_names(root: Path, store: Store) -> NameIndex:
    """Return the index of names, from the copy beside the lake if it is of these very rows."""
    told = store.told_content((TableName.LISTINGS, TableName.NAMES))
    origin = "" if told is None else f"{told.digest}; {index_maker()}"
    with suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError):
        if (content := kept(root, _KEPT, origin) if origin else None) is not None:
            return index_of_bytes(content)
    index = _made_names(store)
    if origin:
        keep(root, _KEPT, origin, index_to_bytes(index))
    return index


def _made_names(store: Store) -> NameIndex:
    rows = tuple(_rows(store))
    return build_index((row for row, share in rows if share), others=_others(rows))


def _rows(store: Store) -> Iterator[tuple[NameRow, bool]]:
    """Yield each listing's names; whether it is a share."""
    listings = {row["listing"]: row for row in store.read(TableName.LISTINGS).to_pylist()}
    named = set()
    for row in store.read(TableName.NAMES).to_pylist():
        listing = listings.get(row["listing"], {})
        named.add(row["listing"])
        yield _row(listing, row["listing"], row["name"], row["valid_from"]), _is_share(listing)
    for listing_id, listing in listings.items():
        if listing_id not in named and listing["name_en"]:
            yield _row(listing, listing_id, listing["name_en"], None), _is_share(listing)


def _row(
    listing: Mapping[str, Any], listing_id: str, name: str, valid_from: date | None
) -> NameRow:
    return NameRow(
        listing=listing_id,
        name=name,
        valid_from=valid_from,
        name_en=listing.get("name_en") or "",
        industry=listing.get("industry") or "",
        list_date=listing.get("list_date"),
        delist_date=listing.get("delist_date"),
    )


def _is_share(listing: Mapping[str, Any]) -> bool:
    return bool(listing.get("kind", "stock") == "stock")


def _others(rows: tuple[tuple[NameRow, bool], ...]) -> frozenset[Listing]:
    found = set()
    for row, share in rows:
        if not share:
            try:
                found.add(parse_listing(row.listing))
            except ScreenerError:
                continue
    return frozenset(found)


def _closes(store: Store) -> dict[str, dict[date, float]]:
    names = ("listing", "session", "close")
    bars = store.read(TableName.BARS, listings=_DATED_BY, columns=names)
    found: dict[str, dict[date, float]] = defaultdict(dict)
    columns = (bars.column(name).to_pylist() for name in names)
    for listing, session, close in zip(*columns, strict=True):
        if close is not None:
            found[listing][session] = close
    return dict(found)
