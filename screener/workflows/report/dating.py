"""Cards of unknown date: read and kept, and no event of anything until somebody says when."""

from __future__ import annotations

from screener.domain.report import Report
from screener.errors import DateRangeError
from screener.language import say
from screener.workspace.broken import Broken

__all__ = ["require_date", "undated_card", "undated_text"]


def undated_text(report_id: str, *, written: bool = True) -> str:
    """Say that a card feeds nothing, and how its date is given; before it is written by an option.

    Parameters
    ----------
    report_id
        The report.
    written
        Whether it has a card already.
    """
    if not written:
        return say("Nothing tells when it was published: give --published 2026-05-14")
    return say(
        "The date of report {report} is unknown: it makes no event and no call until you give it: "
        "screener report edit {report} --published 2026-05-14",
        report=report_id,
    )


def require_date(report: Report) -> None:
    """Refuse a card of unknown date where an event of it is asked for.

    Raises
    ------
    DateRangeError
        If its date is unknown.
    """
    if not report.published.known:
        raise _unknown(report)


def undated_card(report: Report) -> Broken:
    """Return a card of unknown date as one that is left out, with the reason."""
    return Broken(kind="card", name=report.id, text="", error=_unknown(report))


def _unknown(report: Report) -> DateRangeError:
    return DateRangeError(
        say("the date of report {report} is unknown: it makes no event", report=report.id),
        fix=say(
            "give it: `screener report edit {report} --published 2026-05-14`", report=report.id
        ),
    )
