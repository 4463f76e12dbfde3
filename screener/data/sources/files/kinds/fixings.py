"""Exchange rates: which pair a file tells, and which way round."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date

import numpy as np

from screener.data.lake.schema import TableName
from screener.data.sources.files.checks import (
    Normalised,
    quantities,
    required_days,
    without_repeats,
)
from screener.data.sources.files.lake_rows import table_of
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Rows
from screener.data.validation.row_checks import RowFault, missing_fault
from screener.data.validation.sense import FIXINGS, fixing_jumps, fixing_leap
from screener.domain.arrays import FlagArray, FloatArray, TextArray
from screener.domain.listing import Currency
from screener.errors import DataError
from screener.language import say
from screener.language.terms import named

__all__ = ["normalise_fx"]


_PER_HUNDRED = 10.0  # times the dearest price that 1 unit ever had


_NAMES = {
    **dict.fromkeys(("港币", "港元", "港幣", "HKD", "HK$"), Currency.HKD),
    **dict.fromkeys(("美元", "美金", "USD", "US$"), Currency.USD),
    **dict.fromkeys(("人民币", "人民幣", "CNY", "RMB"), Currency.CNY),
}
_PAIR = re.compile(
    r"(?:([A-Z]{3})[/_\- ]?(?:CNY|RMB)C?|(?:CNY|RMB)[/_\- ]?([A-Z]{3}))(?:\.[A-Z]+)?"
)
_WORDS = re.compile(r"[A-Z$]+|[\u4e00-\u9fff]+")


def normalise_fx(rows: Rows, query: FileQuery) -> Normalised:
    """Check fixings and turn them into rows of `fx`: renminbi for 1 unit of the other currency.

    Which currency it is, the column `pair` tells, else the file's name; without either it is the
    Hong Kong dollar. A rate of the inverse pair (`CNYHKD`) is turned round.

    Raises
    ------
    DataError
        If the rates cannot be renminbi for 1 or for 100 units.
    """
    rows = required_days(rows, query, "session")
    rate = rows.numbers("rate")
    rows = rows.judged(
        [
            missing_fault(np.isnan(rate), "rate"),
            *quantities(rows, ("rate",), zero=False),
        ]
    )
    base, inverted, rows, remarks = _pairs(rows, query)
    rate = np.where(inverted, 1.0 / np.where(rate > 0, rate, np.nan), rate)
    if (inverted & rows.passed).any():
        remarks.append(
            Remark(text=say("rates of the inverse pair are turned round: renminbi for 1"))
        )
    rows = rows.with_values(rate=rate, pair=base)
    rows, scaled = _per_unit(rows, base, query)
    rows = rows.judged(_odd_rates(rows, base))
    codes = np.unique(base.astype(np.str_), return_inverse=True)[1].astype(np.int64)
    rows = rows.with_values(pair=codes)
    rows, repeats, repeated = without_repeats(
        replace(rows, listing=codes),  # a pair is the key that a listing is elsewhere
        ("session",),
        say("pair and session"),
    )
    good = rows.passed & ~repeats
    kept = rows.kept(good)
    pairs = np.array([f"{item}{Currency.CNY}" for item in base[good]], dtype=np.object_)
    table = table_of(
        TableName.FX,
        kept,
        query,
        {"pair": pairs, "session": kept.days("session"), "rate": kept.numbers("rate")},
    )
    return Normalised(
        rows=replace(rows, listing=np.full(rows.n_rows, -1, dtype=np.int64)),
        tables={TableName.FX: table} if table.num_rows else {},
        remarks=[*remarks, *scaled, *repeated],
        table=TableName.FX,
        day_field="session",
    )


def _pairs(rows: Rows, query: FileQuery) -> tuple[TextArray, FlagArray, Rows, list[Remark]]:
    """Return each row's currency and whether its rate is of the inverse pair."""
    texts = rows.texts("pair")
    known = {text: _pair_of(text) for text in set(texts.tolist()) if text is not None}
    by_file, remarks = [], []
    for number, label in enumerate(query.labels):
        found = _named(label)
        by_file.append(found or (Currency.HKD, False))
        silent = any(text is None for text in texts[rows.file == number])
        if silent and found is not None and found[0] is not Currency.HKD:
            told = say(
                "the rates are of {currency}, as the file's name says", currency=named(found[0])
            )
            remarks.append(Remark(text=told, file=label))
    pairs = [
        by_file[number] if text is None else known[text]
        for text, number in zip(texts, rows.file.tolist(), strict=True)
    ]
    other = np.array([pair is None for pair in pairs], dtype=np.bool_)
    reason = say(
        "the pair is not renminbi against a currency that a listing is priced in (HKD, USD)"
    )
    base = np.array([str(pair[0]) if pair else "" for pair in pairs], dtype=np.object_)
    inverted = np.array([bool(pair and pair[1]) for pair in pairs], dtype=np.bool_)
    return base, inverted, rows.judged([RowFault(rows=other, reason=reason)]), remarks


def _pair_of(text: str) -> tuple[Currency, bool] | None:
    """Return the currency of a pair as printed, and whether it is the quote; `None` for others."""
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    name, inverted = plain, False
    if (match := _PAIR.fullmatch(plain)) is not None:
        name, inverted = (match[1], False) if match[1] else (match[2], True)
    elif "兑" in plain or "/" in plain:
        first, _, second = re.sub("兑", "/", plain).partition("/")
        if _NAMES.get(second.strip()) is Currency.CNY:
            name = first.strip()
        elif _NAMES.get(first.strip()) is Currency.CNY:
            name, inverted = second.strip(), True
    found = _NAMES.get(name)
    return (found, inverted) if found is not None and found in FIXINGS else None


def _named(label: str) -> tuple[Currency, bool] | None:
    """Return the pair that a file's name tells, such as `USDCNY.csv` or `fx_usd.csv`."""
    stem = label.rpartition("/")[2].rpartition(".")[0]
    words = _WORDS.findall(unicodedata.normalize("NFKC", stem).upper())
    found = [pair for word in words if (pair := _pair_of(word)) is not None]
    return found[0] if len(found) == 1 else None


def _per_unit(rows: Rows, base: TextArray, query: FileQuery) -> tuple[Rows, list[Remark]]:
    rate = rows.numbers("rate").copy()
    remarks = []
    for number, label in enumerate(query.labels):
        for name in sorted({str(item) for item in base[(rows.file == number) & rows.passed]}):
            every = (rows.file == number) & (base == name)
            mine = every & rows.passed
            currency = Currency(name)
            if float(np.median(rate[mine])) > _PER_HUNDRED * FIXINGS[currency].high:
                rate[every] /= 100
                told = say("rates are for 100 {currency}: divided by 100", currency=named(currency))
                remarks.append(Remark(text=told, file=label))
            _check_rates(rate[mine], rows.days("session")[mine].min().item(), currency, label)
    return rows.with_values(rate=rate), remarks


def _odd_rates(rows: Rows, base: TextArray) -> list[RowFault]:
    """Find rates that the currency never had, and those that leave their neighbours."""
    rate, days = rows.numbers("rate"), rows.days("session")
    findings = []
    for name, span in FIXINGS.items():
        mine = base == name
        most = np.where(days >= np.datetime64(span.since, "D"), span.later, span.high)
        odd = mine & ((rate < span.low) | (rate > most))
        reason = say(
            "the rate is no price of 1 {currency} in renminbi since 1994", currency=named(name)
        )
        findings.append(RowFault(rows=odd, reason=reason))
        leaps = fixing_jumps(rate, days, rows.passed & mine & ~odd)
        findings.append(RowFault(rows=leaps, reason=fixing_leap()))
    return findings


def _check_rates(rates: FloatArray, first: date, currency: Currency, label: str) -> None:
    median = float(np.median(rates))
    if FIXINGS[currency].holds(median, first):
        return
    others = [
        say("{currency} for 1 CNY", currency=item)
        if turned
        else say("CNY for 1 {currency}", currency=item)
        for item, span in FIXINGS.items()
        for turned, value in ((False, median), (True, 1 / median))
        if span.holds(value, first)
    ]
    what = say(
        "the median rate {median:.4g} is no price of 1 or 100 {dollars} in renminbi",
        median=median,
        dollars=say("Hong Kong dollars") if currency is Currency.HKD else say("US dollars"),
    )
    if others:
        shown = others[0]
        for other in others[1:]:
            shown = say("{first} or {other}", first=shown, other=other)
        what = say("{what}; it could be {others}", what=what, others=shown)
    raise DataError(
        what,
        where=label,
        fix=say(
            "give CNY for 1 {currency}; for another currency name the file after it, USDCNY.csv, "
            "or add a column `pair`",
            currency=currency,
        ),
    )
