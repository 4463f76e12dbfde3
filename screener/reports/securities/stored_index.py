"""The index of names as bytes, and back: what takes seconds to make is read in a tenth of one."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from importlib.metadata import version
from typing import Any

from screener.domain.listing import Exchange, Listing
from screener.reports.securities.name_index import Company, NameIndex, Trust, Way

__all__ = ["index_maker", "index_of_bytes", "index_to_bytes"]

_MADE_BY = (
    (
        "screener.reports.securities",
        ("name_index.py", "name_marks.py", "name_trust.py", "stored_index.py"),
    ),
    ("screener.reports.text", ("text.py", "vocabulary.py")),
    ("screener.reports.tables", ("aliases.toml", "renames.toml", "twins.toml", "words.toml")),
    ("screener.domain", ("listing.py", "former_codes.py", "former_codes.toml")),
)
_PACKAGES = ("screener", "rjieba", "opencc")


@cache
def index_maker() -> str:
    """Say what makes an index of the rows: the same words mean the same index."""
    digest = hashlib.sha256()
    for package, names in _MADE_BY:
        for name in names:
            digest.update(resources.files(package).joinpath(name).read_bytes())
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"{packages}, python {sys.version_info[:2]}, rules {digest.hexdigest()[:16]}"


def index_to_bytes(index: NameIndex) -> bytes:
    """Write an index as JSON; listings are named by their place among the companies."""
    places = {listing: at for at, listing in enumerate(index.companies)}
    document = {
        "companies": [_company_row(company) for company in index.companies.values()],
        "ways": {
            form: [(places[way.listing], way.trust, way.cut, way.name) for way in ways]
            for form, ways in index.ways.items()
        },
        "blockers": sorted(index.blockers),
        "twins": [
            (places[one], [places[other] for other in others])
            for one, others in index.twins.items()
        ],
        "others": sorted((one.code, one.exchange) for one in index.others),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def index_of_bytes(content: bytes) -> NameIndex:
    """Return the index that `index_to_bytes` wrote.

    Raises
    ------
    ValueError, LookupError, TypeError, AttributeError
        If it wrote no such thing.
    """
    document = json.loads(content)
    companies = [_company(row) for row in document["companies"]]
    listings = [company.listing for company in companies]
    return NameIndex(
        companies=dict(zip(listings, companies, strict=True)),
        ways=_Ways(document["ways"], listings),
        blockers=frozenset(document["blockers"]),
        twins={
            listings[one]: tuple(listings[other] for other in others)
            for one, others in document["twins"]
        },
        others=frozenset(Listing(code, Exchange(name)) for code, name in document["others"]),
    )


def _company_row(company: Company) -> tuple[Any, ...]:
    return (
        company.listing.code,
        company.listing.exchange,
        company.name,
        company.name_en,
        company.industry,
        [(_text(since), name) for since, name in company.names],
        _text(company.list_date),
        _text(company.delist_date),
    )


def _company(row: list[Any]) -> Company:
    code, exchange, name, name_en, industry, names, listed, delisted = row
    return Company(
        listing=Listing(code, Exchange(exchange)),
        name=name,
        name_en=name_en,
        industry=industry,
        names=tuple([(_day(since), name) for since, name in names]),
        list_date=_day(listed),
        delist_date=_day(delisted),
    )


class _Ways(Mapping[str, tuple[Way, ...]]):
    """Ways by written form; those of a form are made when it is met: a text holds few of them."""

    def __init__(self, rows: Mapping[str, Any], listings: Sequence[Listing]) -> None:
        self._rows = rows
        self._listings = listings

    def __getitem__(self, form: str) -> tuple[Way, ...]:
        return tuple(
            Way(self._listings[at], Trust(trust), cut, name)
            for at, trust, cut, name in self._rows[form]
        )

    def __contains__(self, form: object) -> bool:
        return form in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
