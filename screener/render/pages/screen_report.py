"""The page of a report's names: when it could be known, now, and as the report has them."""

from __future__ import annotations

from collections.abc import Sequence

from screener.language import say
from screener.render.pages.cells import fraction, sign_of
from screener.render.pages.document import Page, document, section
from screener.render.pages.markup import Child, node
from screener.render.pages.tables import copied_rows, plain_table
from screener.render.pages.words import told
from screener.render.screen.report import beside_title, beside_values
from screener.results.screen import BESIDE
from screener.results.tables import Row
from screener.workflows.screen.beside import Beside, beside_rows

__all__ = ["screen_report_document"]

_COLUMNS = ("field", "then", "now", "relative_change", "claimed", "claimed_as_of")


def screen_report_document(found: Beside) -> str:
    """Return the page of a report's names as one HTML file."""
    rows = beside_rows(found)
    names = dict.fromkeys((str(row["listing"]), str(row["name"])) for row in rows)

    def build() -> Page:
        return Page(
            title=say("Report {report}: its names then and now", report=found.report.id),
            under=[beside_title(found)],
            simulated=found.now.simulated,
            parts=(
                *(
                    section(f"{listing} {name}", _table(rows, listing), name=listing)
                    for listing, name in names
                ),
                section(
                    say("Sources and versions"),
                    node("p", say("data version {version}", version=found.now.data_version)),
                    node("ul", (node("li", told(line)) for line in found.remarks)),
                    copied_rows(BESIDE.names, [BESIDE.row(row) for row in rows], say("Copy")),
                    name="sources",
                ),
            ),
        )

    return document(build)


def _table(rows: Sequence[Row], listing: str) -> Child:
    cells: list[list[Child]] = []
    for row in rows:
        if row["listing"] != listing:
            continue
        called, then, now, claimed = beside_values(row)
        moved = row.get("relative_change")
        change = float(moved) if isinstance(moved, float) else None
        cells.append(
            [
                called,
                then,
                now,
                node("span", fraction(change, signed=True), class_=sign_of(change) or None),
                claimed,
                str(row.get("claimed_as_of") or ""),
            ]
        )
    return plain_table(
        [BESIDE[name].label() for name in _COLUMNS],
        cells,
        caption=say("Values when the report could be known, now, and in the report"),
        numeric=(1, 2, 3, 4),
    )
