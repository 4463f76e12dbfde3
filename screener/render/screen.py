"""Show a screen: a table for people, rows and a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["screen_document", "screen_rows", "screen_view"]

_SHOWN_AT_MOST = 20
_NAMED_IN_ONE_LINE = 3  # more fields than that do not fit in 80 columns under their whole names
_UNDEFINED = "-"


class FieldView(Protocol):
    """A field asked for."""

    @property
    def name(self) -> str:
        """Column name."""

    @property
    def raw_name(self) -> str:
        """Column name of the value as stored."""

    @property
    def unit(self) -> str:
        """What it counts: `multiple`, `money` or `fraction`."""


class RowView(Protocol):
    """A name that was looked at."""

    @property
    def rank(self) -> int | None:
        """Rank among those that passed."""

    @property
    def listing(self) -> str:
        """Listing id."""

    @property
    def name(self) -> str:
        """Name for people."""

    @property
    def session(self) -> date | None:
        """Session of its valuation."""

    @property
    def values(self) -> Mapping[str, float | None]:
        """Value by field."""

    @property
    def raw(self) -> Mapping[str, float | None]:
        """Value as stored by multiple."""

    @property
    def passed(self) -> bool:
        """Whether everything asked holds."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it passed or failed."""


class ScreenView(Protocol):
    """A finished screen, as `workflows.screening.ScreenResult` has it."""

    @property
    def label(self) -> str:
        """What was screened."""

    @property
    def as_of(self) -> date:
        """Day asked for."""

    @property
    def sessions(self) -> Mapping[str, date]:
        """Session of the snapshot by market."""

    @property
    def currency(self) -> str:
        """Currency of the amounts."""

    @property
    def questions(self) -> tuple[str, ...]:
        """What was asked."""

    @property
    def fields(self) -> Sequence[FieldView]:
        """Fields asked for."""

    @property
    def rows(self) -> Sequence[RowView]:
        """Passes by rank, then failures by listing."""

    @property
    def top(self) -> int | None:
        """How many of the best to show."""

    @property
    def allowed(self) -> tuple[str, ...]:
        """Fields that may be missing."""

    @property
    def is_basket(self) -> bool:
        """Whether a basket was screened."""

    @property
    def data_version(self) -> int:
        """Version of the tables."""

    @property
    def simulated(self) -> bool:
        """Whether the market is simulated."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the reader has to know."""


def screen_rows(
    result: ScreenView, *, passed_only: bool = False
) -> tuple[tuple[str, ...], list[dict[str, object]]]:
    """List the rows for CSV: every name looked at, or only the best.

    Parameters
    ----------
    result
        A finished screen. With its `top` set, only that many of the names that passed.
    passed_only
        Leave out the names that failed.

    Returns
    -------
    tuple
        Column names in order, and one mapping by row; `None` is undefined. A multiple's value as
        stored follows it where any name has one of zero or less.
    """
    columns = _columns(result)
    rows = [row for row in result.rows if row.passed or not (passed_only or result.top)]
    return columns, [_cells(row, result.fields) for row in rows[: result.top]]


def screen_document(result: ScreenView, *, passed_only: bool = False) -> dict[str, object]:
    """Return the screen as one document for JSON: what was asked, then the rows of the CSV."""
    columns, rows = screen_rows(result, passed_only=passed_only)
    return {
        "screened": result.label,
        "as_of": result.as_of,
        "snapshots": dict(result.sessions),
        "questions": list(result.questions),
        "allow_missing": list(result.allowed),
        "currency": result.currency,
        "data_version": result.data_version,
        "simulated": result.simulated,
        "remarks": list(result.remarks),
        "looked_at": len(result.rows),
        "passed": _passed(result),
        "columns": list(columns),
        "rows": [{name: row[name] for name in columns} for row in rows],
    }


def screen_view(result: ScreenView) -> RenderableType:
    """Show the best names, how many passed, the rules, and for a basket why the others failed.

    Remarks are not part of it: they belong on standard error.
    """
    passes = [row for row in result.rows if row.passed]
    limit = result.top or (len(passes) if result.is_basket else _SHOWN_AT_MOST)
    parts: list[RenderableType] = [*_heading(result)]
    if passes:
        parts.append(_table(passes[:limit], result.fields))
    parts.extend(_closing(result, min(limit, len(passes))))
    failures = [row for row in result.rows if not row.passed]
    if result.is_basket and failures:
        parts.append(_failures(failures))
    return Group(*parts)


def _heading(result: ScreenView) -> Iterator[Text]:
    if result.simulated:
        yield Text("SIMULATED market: every number below is made up", style="bold")
    snapshots = ", ".join(f"{market} {day}" for market, day in result.sessions.items())
    yield Text(f"Screen of {result.label}, as of {result.as_of}", style="bold")
    yield Text(f"snapshot: {snapshots} (data version {result.data_version})")
    yield Text("; ".join(result.questions))


def _table(rows: Sequence[RowView], fields: Sequence[FieldView]) -> Table:
    table = _empty_table()
    table.add_column("#", justify="right")
    table.add_column("listing", overflow="fold")
    table.add_column("name", overflow="fold")
    between = "_\n" if len(fields) > _NAMED_IN_ONE_LINE else "_"
    for field in fields:
        header = Text(field.name.replace("_", between))
        table.add_column(header, justify="right", overflow="fold")
    for row in rows:
        values = (Text(_shown(field.unit, row.values[field.name])) for field in fields)
        table.add_row(str(row.rank), Text(row.listing), Text(row.name), *values)
    return table


def _failures(rows: Sequence[RowView]) -> Table:
    table = _empty_table()
    for header in ("failed", "name", "why"):
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(Text(row.listing), Text(row.name), Text("; ".join(row.reasons)))
    return table


def _empty_table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def _closing(result: ScreenView, shown: int) -> Iterator[Text]:
    passed = _passed(result)
    rest = "" if result.top else ", all with --csv FILE or --top N"
    more = f"; the first {shown} are shown{rest}" if shown < passed else ""
    yield Text(f"{passed:,} of {len(result.rows):,} passed{more}", style="bold")
    allowed = f", save where allowed ({', '.join(result.allowed)})" if result.allowed else ""
    money = (
        f"; amounts in {result.currency}" if any(f.unit == "money" for f in result.fields) else ""
    )
    yield Text(
        "A multiple of zero or less (a loss) is undefined and never passes; "
        f"a missing value never passes{allowed}{money}."
    )


def _shown(unit: str, value: float | None) -> str:
    if value is None:
        return _UNDEFINED
    if unit == "money":
        return f"{value / 1e9:,.2f} bn"
    return f"{value * 100:.2f} %" if unit == "fraction" else f"{value:,.2f}"


def _passed(result: ScreenView) -> int:
    return sum(1 for row in result.rows if row.passed)


def _columns(result: ScreenView) -> tuple[str, ...]:
    asked: list[str] = []
    for field in result.fields:
        asked.append(field.name)
        stored = (row.raw.get(field.name) for row in result.rows)
        if any(value is not None and value <= 0 for value in stored):
            asked.append(field.raw_name)
    return ("rank", "listing", "name", "session", *asked, "passed", "reasons")


def _cells(row: RowView, fields: Sequence[FieldView]) -> dict[str, object]:
    cells: dict[str, object] = {
        "rank": row.rank,
        "listing": row.listing,
        "name": row.name,
        "session": row.session,
        "passed": row.passed,
        "reasons": "; ".join(row.reasons),
    }
    for field in fields:
        cells[field.name] = row.values[field.name]
        if field.name in row.raw:
            cells[field.raw_name] = row.raw[field.name]
    return cells
