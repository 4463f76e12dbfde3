"""What an update did, as lines for the terminal, and the error that it ends with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import RenderableType

from screener.data.sources.online.transport.protocol import Need
from screener.data.update.session import UpdateReport
from screener.errors import ScreenerError, SourceBlocked
from screener.render.update import FailureLine, NeedLine, plan_view, update_view

__all__ = ["failure_of", "plan_page", "update_page"]


def plan_page(counts: Sequence[tuple[Need, int]]) -> RenderableType:
    """Return what an update would ask as a page."""
    return plan_view([(str(need), count) for need, count in counts])


def update_page(report: UpdateReport) -> RenderableType:
    """Return what an update did as a page."""
    needs = [need for need in Need if any(item.need is need for item in report.outcomes)]
    failures = [
        FailureLine(subject=item.subject, need=str(item.need), reason=item.error.what)
        for item in report.failures
        if item.error is not None
    ]
    return update_view(
        [_line(report, need) for need in needs],
        failures,
        (*_noted(report), *report.remarks),
        requests=sorted(report.requests.items()),
        resting=report.resting,
        outcome=_outcome(report),
    )


def _noted(report: UpdateReport) -> tuple[str, ...]:
    if not report.noted:
        return ()
    rows = "1 row" if report.noted == 1 else f"{report.noted:,} rows"
    return (
        f"{rows} rejected or doubtful: `screener data export DIR --table quarantine` tells why",
    )


def failure_of(report: UpdateReport) -> ScreenerError | None:
    """Return the error that an update ends with when a question is left without an answer."""
    if report.cut_off is not None:
        return report.cut_off
    if not report.failures:
        return None
    subjects = list(dict.fromkeys(item.subject for item in report.failures))
    first = report.failures[0]
    asked = (
        "1 question was" if len(report.failures) == 1 else f"{len(report.failures)} questions were"
    )
    about = f" about {len(subjects)} listings or markets" if len(subjects) > 1 else ""
    waiting = any(isinstance(item.error, SourceBlocked) for item in report.failures)
    later = "type the command again later: what is done is kept and not asked again"
    return SourceBlocked(
        f"{asked} not answered{about} (first {first.subject} {first.need})",
        where=f"data version {report.after}",
        fix=later if waiting else first.error.fix if first.error and first.error.fix else later,
    )


def _line(report: UpdateReport, need: Need) -> NeedLine:
    mine = [item for item in report.outcomes if item.need is need]
    answered = [item for item in mine if item.error is None]
    return NeedLine(
        need=str(need),
        answered=len(answered),
        failed=len(mine) - len(answered),
        rows=sum(item.rows for item in answered),
        sources=tuple(Counter(item.source for item in answered).most_common()),
    )


def _outcome(report: UpdateReport) -> str:
    kept = f"{report.up_to_date:,} answers were up to date; " if report.up_to_date else ""
    if report.before == report.after:
        return f"{kept}nothing new; data version {report.after}."
    return f"{kept}stored as data version {report.after}."
