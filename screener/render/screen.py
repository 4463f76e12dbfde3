"""A screen on the terminal: the best names, how many passed, and why the others did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.tables import UNDEFINED, Column, heads, plain_table
from screener.results.screen import screen_spec
from screener.screen.evaluate import ScreenedRow
from screener.screen.fields import Field, FieldUnit
from screener.workflows.screen.run import ScreenResult

__all__ = ["screen_view"]

_SHOWN_AT_MOST = 20
_NAMED_IN_ONE_LINE = 3  # more fields than that do not fit in 80 columns under their whole names


def screen_view(result: ScreenResult) -> RenderableType:
    """Show the best names, how many passed, the rules, and for a basket why the others failed.

    Remarks are not part of it: they belong on standard error.
    """
    passes, failures = result.passes, result.failures
    limit = result.top or (len(passes) if result.is_basket else _SHOWN_AT_MOST)
    parts: list[RenderableType] = [*_heading(result)]
    if passes:
        parts.append(_passes(passes[:limit], result.fields))
    parts.extend(_closing(result, min(limit, len(passes))))
    if result.is_basket and failures:
        rows = [[row.listing, row.name, "; ".join(row.reasons)] for row in failures]
        parts.append(plain_table(["failed", "name", "why"], rows))
    return Group(*parts)


def _heading(result: ScreenResult) -> Iterator[Text]:
    if result.simulated:
        yield Text("SIMULATED market: every number below is made up", style="bold")
    snapshots = ", ".join(f"{market} {day}" for market, day in result.sessions.items())
    yield Text(f"Screen of {result.label}, as of {result.as_of}", style="bold")
    yield Text(f"snapshot: {snapshots} (data version {result.data_version})")
    yield Text("; ".join(result.questions))


def _passes(rows: Sequence[ScreenedRow], fields: Sequence[Field]) -> RenderableType:
    between = "_\n" if len(fields) > _NAMED_IN_ONE_LINE else "_"
    spec, names = screen_spec(fields, ()), [field.name for field in fields]
    asked = [
        Column(header=column.header.replace("_", between), numeric=True)
        for column in heads(spec, *names)
    ]
    return plain_table(
        [*heads(spec, "rank", "listing", "name"), *asked],
        [
            [str(row.rank), row.listing, row.name]
            + [_shown(field.unit, row.values[field.name]) for field in fields]
            for row in rows
        ],
    )


def _closing(result: ScreenResult, shown: int) -> Iterator[Text]:
    passed = len(result.passes)
    rest = "" if result.top else ", all with --csv FILE or --top N"
    more = f"; the first {shown} are shown{rest}" if shown < passed else ""
    yield Text(f"{passed:,} of {len(result.rows):,} passed{more}", style="bold")
    allowed = f", save where allowed ({', '.join(result.allowed)})" if result.allowed else ""
    amounts = any(field.unit is FieldUnit.MONEY for field in result.fields)
    money = f"; amounts in {result.currency}" if amounts else ""
    yield Text(
        "A multiple of zero or less (a loss) is undefined and never passes; "
        f"a missing value never passes{allowed}{money}."
    )


def _shown(unit: FieldUnit, value: float | None) -> str:
    if value is None:
        return UNDEFINED
    if unit is FieldUnit.MONEY:
        return f"{value / 1e9:,.2f} bn"
    return f"{value * 100:.2f} %" if unit is FieldUnit.FRACTION else f"{value:,.2f}"
