"""Tables of the lake: columns, types, keys, units. Nothing else is ever written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["SIMULATED", "SOUTHBOUND", "TABLES", "Basis", "Column", "Table", "TableName", "Type"]

SIMULATED = "SIMULATED"
"""Value of `source` on every row that the simulated market made."""


SOUTHBOUND = "southbound"
"""Programme by which mainland investors buy Hong Kong securities (港股通)."""


class Basis(StrEnum):
    """Whether prices are as traded or already adjusted for dividends and splits."""

    RAW = "raw"
    ADJUSTED = "adjusted"


class Type(StrEnum):
    """Column type, as DuckDB writes it."""

    TEXT = "VARCHAR"
    DATE = "DATE"
    NUMBER = "DOUBLE"
    COUNT = "BIGINT"
    FLAG = "BOOLEAN"
    INSTANT = "TIMESTAMP WITH TIME ZONE"


class TableName(StrEnum):
    """Name of a table of the lake."""

    LISTINGS = "listings"
    NAMES = "names"
    BOARD_LOTS = "board_lots"
    CALENDAR = "calendar"
    STATUS = "status"
    BARS = "bars"
    ACTIONS = "actions"
    FACTORS = "factors"
    EX_FACTORS = "ex_factors"
    VALUATION = "valuation"
    FUNDAMENTALS = "fundamentals"
    FX = "fx"
    RATINGS = "ratings"
    INDUSTRIES = "industries"
    ELIGIBILITY = "eligibility"
    ESTIMATES = "estimates"
    FETCHES = "fetches"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, type, unit or meaning, and whether it may be empty."""

    name: str
    type: Type
    unit: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in order, its key, and how its rows are sorted on disk."""

    name: TableName
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sort: tuple[str, ...]
    by_year: str = ""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column called `name`; `KeyError` if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


_LISTING = Column("listing", Type.TEXT, "listing id", required=True)
_SESSION = Column("session", Type.DATE, "exchange date", required=True)
_ORIGIN = (
    Column("source", Type.TEXT, "file name or source name", required=True),
    Column("fetched_at", Type.INSTANT, "when the row was fetched or imported", required=True),
)


def _number(name: str, unit: str, *, required: bool = False) -> Column:
    return Column(name, Type.NUMBER, unit, required=required)


TABLES: dict[TableName, Table] = {
    table.name: table
    for table in (
        Table(
            TableName.LISTINGS,
            (
                _LISTING,
                Column("kind", Type.TEXT, "stock, fund or index", required=True),
                Column("board", Type.TEXT, "board", required=True),
                Column("currency", Type.TEXT, "currency of its price", required=True),
                Column("list_date", Type.DATE, "first trading day"),
                Column("delist_date", Type.DATE, "first day no longer listed"),
                Column("industry", Type.TEXT, "industry"),
                Column("name_en", Type.TEXT, "English name"),
                Column("return_basis", Type.TEXT, "price or total, for an index"),
                *_ORIGIN,
            ),
            key=("listing",),
            sort=("listing",),
        ),
        Table(
            TableName.NAMES,
            (
                _LISTING,
                Column("valid_from", Type.DATE, "first day known to bear the name", required=True),
                Column(
                    "name", Type.TEXT, "short Chinese name as the exchange prints it", required=True
                ),
                *_ORIGIN,
            ),
            key=("listing", "valid_from"),
            sort=("listing", "valid_from"),
        ),
        Table(
            TableName.BOARD_LOTS,
            (
                _LISTING,
                Column(
                    "valid_from", Type.DATE, "first day known to trade in the lot", required=True
                ),
                Column("lot", Type.COUNT, "shares", required=True),
                *_ORIGIN,
            ),
            key=("listing", "valid_from"),
            sort=("listing", "valid_from"),
        ),
        Table(
            TableName.CALENDAR,
            (
                Column("exchange", Type.TEXT, "SH, SZ, BJ or HK", required=True),
                _SESSION,
                Column("half_day", Type.FLAG, "closes at noon; empty where it is not told"),
                *_ORIGIN,
            ),
            key=("exchange", "session"),
            sort=("exchange", "session"),
        ),
        Table(
            TableName.STATUS,
            (
                _LISTING,
                _SESSION,
                Column("suspended", Type.FLAG, "no trading that session", required=True),
                Column("st", Type.FLAG, "special treatment (ST, *ST) that session"),
                *_ORIGIN,
            ),
            key=("listing", "session"),
            sort=("session", "listing"),
            by_year="session",
        ),
        Table(
            TableName.BARS,
            (
                _LISTING,
                _SESSION,
                _number("open", "listing's currency; empty where the close alone is known"),
                _number("high", "listing's currency; empty where the close alone is known"),
                _number("low", "listing's currency; empty where the close alone is known"),
                _number("close", "listing's currency", required=True),
                _number("volume", "shares; empty for most indices"),
                _number("amount", "listing's currency"),
                Column("basis", Type.TEXT, "raw or adjusted", required=True),
                *_ORIGIN,
            ),
            key=("listing", "session"),
            sort=("session", "listing"),
            by_year="session",
        ),
        Table(
            TableName.ACTIONS,
            (
                _LISTING,
                Column("ex_session", Type.DATE, "ex-date", required=True),
                _number("cash", "listing's currency per share held, before tax"),
                _number("bonus", "new shares per share held (bonus and conversion)"),
                _number("split", "shares after per share before; 1 for none"),
                _number("rights", "rights shares offered per share held"),
                _number("rights_price", "listing's currency per rights share"),
                Column("announced", Type.DATE, "announcement date"),
                Column("record_date", Type.DATE, "record date"),
                Column("pay_date", Type.DATE, "payment date"),
                *_ORIGIN,
            ),
            key=("listing", "ex_session"),
            sort=("listing", "ex_session"),
        ),
        Table(
            TableName.FACTORS,
            (
                _LISTING,
                Column("ex_session", Type.DATE, "first session the factor holds", required=True),
                _number(
                    "factor",
                    "cumulative total-return multiplier, 1 before the first action",
                    required=True,
                ),
                *_ORIGIN,
            ),
            key=("listing", "ex_session"),
            sort=("listing", "ex_session"),
        ),
        Table(
            TableName.EX_FACTORS,
            (
                _LISTING,
                Column("ex_session", Type.DATE, "ex-date", required=True),
                _number(
                    "factor",
                    "previous close over the ex-reference price; counts where no action tells more",
                    required=True,
                ),
                *_ORIGIN,
            ),
            key=("listing", "ex_session"),
            sort=("listing", "ex_session"),
        ),
        Table(
            TableName.VALUATION,
            (
                _LISTING,
                _SESSION,
                _number("pe_ttm", "multiple, trailing twelve months"),
                _number("pe_static", "multiple, last annual profit"),
                _number("pb", "multiple"),
                _number("ps_ttm", "multiple"),
                _number("pcf_ttm", "multiple, operating cash flow"),
                _number("market_cap", "listing's currency"),
                _number("float_cap", "listing's currency"),
                _number("dividend_yield", "fraction"),
                *_ORIGIN,
            ),
            key=("listing", "session"),
            sort=("session", "listing"),
            by_year="session",
        ),
        Table(
            TableName.FUNDAMENTALS,
            (
                _LISTING,
                Column("period_end", Type.DATE, "last day of the reported period", required=True),
                Column(
                    "known_at",
                    Type.DATE,
                    "day on which the figures were published; known after its close",
                    required=True,
                ),
                Column("known_by", Type.TEXT, "what known_at rests on", required=True),
                Column("currency", Type.TEXT, "currency of the figures", required=True),
                _number("revenue", "currency, from the start of the fiscal year"),
                _number("net_profit", "currency, of the parent's owners, from the year's start"),
                _number("net_profit_deducted", "the same without non-recurring items"),
                _number("operating_cash_flow", "currency, from the year's start"),
                _number("equity", "currency, of the parent's owners, at period_end"),
                _number("eps", "currency per share, from the year's start"),
                _number("bps", "currency per share, at period_end"),
                _number("roe", "fraction, weighted"),
                _number("gross_margin", "fraction"),
                # Later columns come last: rows that lack them keep their digest.
                _number("ebit", "currency, profit before interest and tax, from the year's start"),
                _number("income_tax", "currency, from the year's start"),
                _number("depreciation", "currency, with amortisation, from the year's start"),
                _number("interest_expense", "currency, from the year's start"),
                _number("total_assets", "currency, at period_end"),
                _number("total_liabilities", "currency, at period_end"),
                _number("cash_equivalents", "currency, cash and equivalents at period_end"),
                _number("debt", "currency, interest-bearing debt at period_end"),
                _number("minorities", "currency, equity of others than its owners, at period_end"),
                *_ORIGIN,
            ),
            key=("listing", "period_end", "known_at"),
            sort=("listing", "period_end", "known_at"),
        ),
        Table(
            TableName.FX,
            (
                Column("pair", Type.TEXT, "base and quote, HKDCNY", required=True),
                _SESSION,
                _number("rate", "quote currency for 1 of base", required=True),
                *_ORIGIN,
            ),
            key=("pair", "session"),
            sort=("pair", "session"),
        ),
        Table(
            TableName.RATINGS,
            (
                _LISTING,
                Column("published", Type.DATE, "the note's own date", required=True),
                Column("broker", Type.TEXT, "broker, as the source prints it", required=True),
                Column(
                    "analyst", Type.TEXT, "names as printed; an empty text for none", required=True
                ),
                Column("title", Type.TEXT, "title; an empty text for none", required=True),
                Column("rating", Type.TEXT, "rating, as the source prints it", required=True),
                Column("rating_level", Type.TEXT, "stock or industry; empty for stock"),
                _number("target_price", "listing's currency; the low end of a range"),
                Column("initiated", Type.FLAG, "the broker's first rating; empty if not told"),
                Column("industry", Type.TEXT, "industry, as the source prints it"),
                Column("vendor", Type.TEXT, "whose words the rating is; empty for the broker's"),
                *_ORIGIN,
            ),
            key=("listing", "published", "broker", "analyst", "title"),
            sort=("published", "listing", "broker", "analyst", "title"),
        ),
        Table(
            TableName.INDUSTRIES,
            (
                _LISTING,
                Column("valid_from", Type.DATE, "first day in the industry", required=True),
                Column("industry", Type.TEXT, "industry", required=True),
                Column("valid_to", Type.DATE, "last day in it; empty while that is not told"),
                *_ORIGIN,
            ),
            key=("listing", "valid_from"),
            sort=("listing", "valid_from"),
        ),
        Table(
            TableName.ELIGIBILITY,
            (
                _LISTING,
                Column(
                    "programme",
                    Type.TEXT,
                    "southbound or northbound",
                    required=True,
                ),
                Column("valid_from", Type.DATE, "first day known to be eligible", required=True),
                Column("valid_to", Type.DATE, "last day known; empty while it is"),
                *_ORIGIN,
            ),
            key=("listing", "programme", "valid_from"),
            sort=("listing", "programme", "valid_from"),
        ),
        Table(
            TableName.ESTIMATES,
            (
                _LISTING,
                Column("fiscal_year", Type.COUNT, "year in which it ends", required=True),
                Column(
                    "broker", Type.TEXT, "as printed; an empty text for a consensus", required=True
                ),
                Column(
                    "known_at",
                    Type.DATE,
                    "day on which it was published; known after its close",
                    required=True,
                ),
                Column("currency", Type.TEXT, "currency of the figures", required=True),
                _number("eps", "currency per share"),
                _number("profit", "currency, of the parent's owners"),
                # Later columns come last, as above.
                _number("revenue", "currency"),
                *_ORIGIN,
            ),
            key=("listing", "fiscal_year", "broker", "known_at"),
            sort=("listing", "fiscal_year", "broker", "known_at"),
        ),
        Table(
            TableName.FETCHES,
            (
                Column("need", Type.TEXT, "what was asked for", required=True),
                Column(
                    "subject", Type.TEXT, "listing, exchange or pair asked about", required=True
                ),
                Column("asked_from", Type.DATE, "first day answered so far", required=True),
                Column("asked_to", Type.DATE, "last day answered so far", required=True),
                Column("last", Type.DATE, "last day that the answer holds; empty for none"),
                Column("rows", Type.COUNT, "rows of the last answer", required=True),
                *_ORIGIN,
            ),
            key=("need", "subject"),
            sort=("need", "subject"),
        ),
        Table(
            TableName.QUARANTINE,
            (
                Column("table_name", Type.TEXT, "table the row was meant for", required=True),
                Column("file", Type.TEXT, "file, or source and listing, it came in", required=True),
                Column(
                    "line",
                    Type.COUNT,
                    "row number in that file, the header is 1; of a fetched row its day, yyyymmdd",
                    required=True,
                ),
                Column("listing", Type.TEXT, "listing id, if it could be read"),
                Column("session", Type.DATE, "session, if it could be read"),
                Column("reason", Type.TEXT, "why it was rejected", required=True),
                Column("row", Type.TEXT, "the row as read, as JSON", required=True),
                Column("fetched_at", Type.INSTANT, "when it was rejected", required=True),
            ),
            key=("table_name", "file", "line"),
            sort=("table_name", "file", "line"),
        ),
    )
}
