"""Verify workflow: the tables as stored, examined by the doctor."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass

from rich.console import RenderableType

from screener.data.doctor import Finding, Severity, examine_bars, examine_fixings
from screener.data.schema import SIMULATED, TableName
from screener.data.store import Store
from screener.render.store import FindingLine, findings_view
from screener.workspace.locate import Workspace

__all__ = ["VERIFY_COLUMNS", "Verified", "finding_rows", "verify", "verify_page"]

VERIFY_COLUMNS = (
    "table",
    "listing",
    "session",
    "check",
    "severity",
    "cause",
    "value",
    "expected",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the doctor found in one data version, errors first."""

    findings: tuple[Finding, ...]
    n_rows: int
    data_version: int
    simulated: bool

    @property
    def n_errors(self) -> int:
        """How many findings are errors."""
        return sum(item.severity is Severity.ERROR for item in self.findings)


def verify(workspace: Workspace, version: int | None) -> Verified:
    """Examine the bars and fixings of a data version.

    Raises
    ------
    DataError
        If there is no market data yet.
    """
    with Store.open(workspace.data_cache, version=version) as store:
        bars = store.read(TableName.BARS)
        status = store.read(TableName.STATUS)
        listings = store.read(TableName.LISTINGS)
        fx = store.read(TableName.FX)
        found = (
            *examine_bars(
                bars,
                suspended=frozenset(
                    (row["listing"], row["session"])
                    for row in status.select(["listing", "session", "suspended"]).to_pylist()
                    if row["suspended"]
                ),
                list_dates={
                    row["listing"]: row["list_date"]
                    for row in listings.select(["listing", "list_date"]).to_pylist()
                    if row["list_date"]
                },
                factors=store.read(TableName.FACTORS),
            ),
            *examine_fixings(fx),
        )
        return Verified(
            findings=tuple(sorted(found, key=lambda item: item.severity is not Severity.ERROR)),
            n_rows=bars.num_rows + fx.num_rows,
            data_version=store.version,
            simulated=store.simulated(),
        )


def finding_rows(verified: Verified) -> list[dict[str, object]]:
    """Return one row per finding with the columns of `VERIFY_COLUMNS`."""
    return [asdict(item) for item in verified.findings]


def verify_page(verified: Verified) -> RenderableType:
    """Return the findings as a page: counts by cause, then the first of them."""
    counts = Counter(
        (str(item.severity), str(item.check), item.cause) for item in verified.findings
    )
    lines = [
        FindingLine(
            listing=item.listing,
            session=item.session,
            check=str(item.check),
            severity=str(item.severity),
            cause=item.cause,
            value=item.value,
            expected=item.expected,
        )
        for item in verified.findings
    ]
    banner = f" {SIMULATED}: invented prices " if verified.simulated else ""
    footer = f"{verified.n_rows:,} bars and fixings examined · data version {verified.data_version}"
    return findings_view(sorted(counts.items()), lines, banner=banner, footer=footer)
