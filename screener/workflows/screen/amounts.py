"""Amounts of a screen in one currency, by the fixing of each name's own session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from screener.data.lake.store import Store
from screener.data.panels.fixings import Fixings, read_fixings
from screener.domain.listing import Currency, parse_listing
from screener.errors import DataError
from screener.language import say_count
from screener.screen.fields import Field, FieldUnit

if TYPE_CHECKING:
    from screener.workflows.screen.rows import Looked

__all__ = ["converted_amounts"]


def converted_amounts(
    store: Store,
    looked: Looked,
    rows: pa.Table,
    sessions: Sequence[date | None],
    fields: Sequence[Field],
    currency: Currency,
) -> tuple[dict[str, pa.Array], tuple[str, ...], tuple[str, ...]]:
    """Convert the amounts asked for and leave the others empty; say what is missing for some."""
    asked = {field.name for field in fields if field.unit is FieldUnit.MONEY}
    native = {name: rows.column(name).to_pylist() for name in asked}
    days = [day for day in sessions if day is not None]
    if not (asked and days):
        nothing = pa.nulls(len(looked.listings), pa.float64())
        return dict.fromkeys(asked, nothing), (), ()
    fixings = read_fixings(store, min(days), max(days))
    needed = [
        day if any(native[name][at] is not None for name in asked) else None
        for at, day in enumerate(sessions)
    ]
    rates, lacks = _rates_of(looked, fixings, needed, currency)
    converted: dict[str, pa.Array] = {}
    for name in sorted(asked):
        amounts = native[name]
        converted[name] = pa.array(
            [
                None if amount is None or rate is None else amount * rate
                for amount, rate in zip(amounts, rates, strict=True)
            ],
            pa.float64(),
        )
    return converted, fixings.remarks(), lacks


def _rates_of(
    looked: Looked, fixings: Fixings, needed: Sequence[date | None], currency: Currency
) -> tuple[list[float | None], tuple[str, ...]]:
    """Return by what each name's amounts of a day are multiplied, and what is missing for some.

    Raises
    ------
    DataError
        If none of them can be converted.
    """
    rates: list[float | None] = []
    lacks: dict[str, DataError] = {}
    counts: dict[str, int] = {}
    for listing, day in zip(looked.listings, needed, strict=True):
        rate = None
        if day is not None:
            try:
                rate = fixings.rate(_currency(looked, listing), currency, day)
            except DataError as error:
                lacks.setdefault(str(error), error)
                counts[str(error)] = counts.get(str(error), 0) + 1
        rates.append(rate)
    if lacks and all(rate is None for rate in rates):
        raise next(iter(lacks.values()))
    return rates, tuple(
        say_count(
            "{n} name has no amounts in {currency}: {why}",
            "{n} names have no amounts in {currency}: {why}",
            counts[text],
            currency=currency,
            why=lacks[text],
        )
        for text in lacks
    )


def _currency(looked: Looked, listing: str) -> Currency:
    return looked.currencies.get(listing) or parse_listing(listing).currency
