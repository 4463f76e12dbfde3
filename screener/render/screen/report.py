"""The names of a report on the terminal: when it could be known, now, and as it has them."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from screener.domain.report import ClaimUnit
from screener.language import say
from screener.render.local import word
from screener.render.pages.words import measure
from screener.render.screen.table import value_text
from screener.render.tables import UNDEFINED, banner, heads, or_dash, plain_table, points
from screener.results.screen import BESIDE
from screener.results.tables import Row
from screener.screen.fields import FIELDS, FieldUnit
from screener.workflows.screen.beside import Beside, beside_rows

__all__ = ["beside_title", "beside_values", "beside_view"]

_COLUMNS = ("field", "then", "now", "relative_change", "claimed", "claimed_as_of")


def beside_view(found: Beside) -> RenderableType:
    """Show each name of a report, a table each; remarks are not part of it."""
    parts: list[RenderableType] = [
        *banner(simulated=found.now.simulated),
        Text(beside_title(found), style="bold"),
    ]
    rows = beside_rows(found)
    for listing in dict.fromkeys(str(row["listing"]) for row in rows):
        own = [row for row in rows if row["listing"] == listing]
        table = plain_table(
            heads(BESIDE, *_COLUMNS),
            [_cells(row) for row in own],
        )
        parts += [Text(), Text(f"{listing} {own[0]['name']}", style="bold"), table]
    return Group(*parts)


def _cells(row: Row) -> list[str]:
    called, then, now, claimed = beside_values(row)
    change = points(_float(row.get("relative_change")), signed=True)
    return [called, then, now, change, claimed, or_dash(str(row.get("claimed_as_of") or ""))]


def beside_title(found: Beside) -> str:
    """Tell which report it is, and the two days."""
    return say(
        "Names of report {report}: known on {then}, and on {now}, beside its own figures",
        report=found.report.id,
        then=found.then.as_of,
        now=found.now.as_of,
    )


def beside_values(row: Row) -> tuple[str, str, str, str]:
    """Return the name of a row's field, its two values and the report's figure, as people read."""
    field = FIELDS.get(str(row["field"]))
    told = str(row.get("measure") or "")
    called = field.called if field else measure(told)
    if field is not None and told and told not in ("price", "market cap"):
        called = say("{field} (in the report: {measure})", field=called, measure=measure(told))
    unit = FieldUnit.NUMBER if field is None else field.unit
    then, now = (value_text(unit, _float(row.get(name))) for name in ("then", "now"))
    claimed = _float(row.get("claimed"))
    if claimed is None:
        return called, then, now, UNDEFINED
    of = str(row["claimed_unit"])
    kind = {str(ClaimUnit.FRACTION): FieldUnit.FRACTION}.get(of, FieldUnit.NUMBER)
    if field is not None and field.unit is FieldUnit.MONEY:
        kind = FieldUnit.MONEY
    shown = value_text(kind, claimed)
    foreign = of in (str(ClaimUnit.HKD),)
    return called, then, now, f"{shown} {word(of)}" if foreign else shown


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
