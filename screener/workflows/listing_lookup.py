"""Listings as a user names them: by code, else by a name that they bear or bore (`贵州茅台`)."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from screener.domain.listing import Kind, Listing, parse_listing, stored_listing
from screener.errors import AmbiguousMention, DataError, InputError, NotFoundError, StorageError
from screener.language import say
from screener.workspace.locate import Workspace

__all__ = ["find_listing", "find_listings"]

_BETWEEN = re.compile(r"[,，、;；]")
_LISTED_AT_MOST = 5
_NEAR = 3

Names = dict[str, frozenset[str]]
"""Ids of listings by a name in the form of `_key`."""


def find_listings(
    place: Workspace | None, text: str, *, parameter: str, kind: Kind | None = Kind.SECURITY
) -> tuple[Listing, ...]:
    """Read codes and names with commas between them, each listing once.

    Raises
    ------
    InputError
        If nothing is named, a listing twice, or one by what is no code.
    NotFoundError, AmbiguousMention
        As in `find_listing`.
    """
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    found = tuple(find_listing(place, part, parameter=parameter, kind=kind) for part in parts)
    if not found:
        raise InputError(
            say("{parameter} is empty", parameter=parameter),
            fix=say(
                "give at least one code or name, such as {example}", example="300857.SZ,腾讯控股"
            ),
        )
    repeated = sorted({item.id for item in found if found.count(item) > 1})
    if repeated:
        names = ", ".join(repeated)
        raise InputError(
            say("{parameter} names {listings} more than once", parameter=parameter, listings=names),
            fix=say("name each one once"),
        )
    return found


def find_listing(
    place: Workspace | None, text: str, *, parameter: str, kind: Kind | None = Kind.SECURITY
) -> Listing:
    """Read one code or name.

    A name that several listings bear or bore leads to the one that bears it now, if that is one.

    Parameters
    ----------
    place
        Workspace whose table `names` and report cards are looked in; without one, codes alone.
    text
        A code as `parse_listing` reads it, or a short name: `贵州茅台`, `*ST观典`, `腾讯控股`.
    parameter
        Name of what is being read, for the error message.
    kind
        What a bare code stands for that could be a share or an index.

    Raises
    ------
    InputError
        If it is no code, and no Chinese name.
    NotFoundError
        If no listing is called by that Chinese name.
    AmbiguousMention
        If several are.
    """
    try:
        return parse_listing(text, parameter=parameter, kind=kind)
    except InputError as error:
        if place is None or not re.search(r"[^\W\d_]", text):  # without a letter it is no name
            raise
        no_code = error
    known = tuple(_names(place))
    for names in known:
        found = names.get(_key(text), frozenset())
        if len(found) == 1:
            return stored_listing(next(iter(found)))
        if found:
            raise _several(text, sorted(found), parameter)
    if not _is_chinese(text):
        raise no_code
    raise _nobody(text, {name for names in known for name in names}, parameter)


def _is_chinese(text: str) -> bool:
    return re.search(r"[\u3400-\u9fff]", text) is not None


def _key(name: str) -> str:
    from screener.reports.text.text import clean_name  # codes alone need none of this

    return clean_name(name).casefold()


def _names(place: Workspace) -> Iterator[Names]:
    """Give names with their listings: as now borne, as once borne, without their marks, abroad."""
    dated, english = _rows(place)
    now = {listing: name for listing, name in dated}  # noqa: C416 - the last of each counts
    yield _by_key(now.items())
    yield _by_key(dated)
    yield _by_key((listing, form) for listing, name in now.items() for form in _forms(name))
    yield _by_key((listing, form) for listing, name in dated for form in _forms(name))
    yield _by_key(english)


def _forms(name: str) -> tuple[str, ...]:
    from screener.reports.securities.name_marks import plain_name

    return plain_name(name).forms


def _by_key(pairs: Iterable[tuple[str, str]]) -> Names:
    found = defaultdict(set)
    for listing, name in pairs:
        found[_key(name)].add(listing)
    return {name: frozenset(listings) for name, listings in found.items()}


def _rows(place: Workspace) -> tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]]:
    """Return the names of the report cards, then of the tables, by day; and English names."""
    from screener.data.lake.schema import TableName
    from screener.data.lake.store import Store
    from screener.workflows.report.catalog import list_reports

    dated = [
        (item.listing.id, item.name)
        for report in list_reports(place)
        for item in report.securities
        if item.name
    ]
    english: list[tuple[str, str]] = []
    with suppress(DataError, StorageError), Store.open(place.lake) as store:
        rows = store.read(TableName.NAMES).sort_by("valid_from")
        columns = (rows.column(name).to_pylist() for name in ("listing", "name"))
        dated += zip(*columns, strict=True)
        masters = store.read(TableName.LISTINGS)
        columns = (masters.column(name).to_pylist() for name in ("listing", "name_en"))
        english += [(listing, name) for listing, name in zip(*columns, strict=True) if name]
    return dated, english


def _several(text: str, found: Sequence[str], parameter: str) -> AmbiguousMention:
    listings = ", ".join(found[:_LISTED_AT_MOST])
    return AmbiguousMention(
        say("{parameter} {name} may be several listings", parameter=parameter, name=repr(text)),
        where=listings if len(found) <= _LISTED_AT_MOST else f"{listings}, …",
        fix=say("write the code of the one that is meant"),
    )


def _nobody(text: str, names: Iterable[str], parameter: str) -> NotFoundError:
    near = difflib.get_close_matches(_key(text), names, n=_NEAR, cutoff=0.6)
    return NotFoundError(
        say("{parameter} {name}: no listing is called so", parameter=parameter, name=repr(text)),
        where=say("near: {names}", names=", ".join(near)) if near else "",
        fix=say(
            "write its code, such as {example}; `screener data update` fetches names",
            example="600519.SH",
        ),
    )
