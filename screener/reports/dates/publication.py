"""When a document was published: as printed, as its file is named, or estimated from what it cites.

An estimate carries the range that the evidence allows, and the evidence. A report is never older
than the newest thing it cites, nor younger than the first release that it still expects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from screener.domain.days import SHANGHAI
from screener.domain.report import Precision, Publication
from screener.reports.dates.dates import dates_in
from screener.reports.dates.found import DateKind, FoundDate
from screener.reports.dates.index_levels import Closes, Level, index_levels, reference_session
from screener.reports.dates.publication_clues import Clues, clues_of
from screener.reports.dates.publication_estimate import Estimate, estimate_of
from screener.reports.dates.words import date_words
from screener.reports.text.text import Text, make_text

__all__ = ["Closes", "Level", "index_levels", "publication_of", "reference_session"]

_DAILY = 40
_ONE, _SEVEN = timedelta(days=1), timedelta(days=7)


def publication_of(
    text: Text,
    *,
    file_name: str,
    today: date,
    closes: Closes | None = None,
) -> Publication:
    """Decide when a document was published.

    Parameters
    ----------
    text
        The document.
    file_name
        Its file's name, which may carry the day; empty if it has none.
    today
        The latest day possible.
    closes
        Index closes by listing id and session, which date a market table.

    Returns
    -------
    Publication
        `exact` for a printed time, `day` for a printed day or one in the file's name, else
        `estimated`, with its range and evidence; `unknown` if nothing tells the day. Never after
        `today`.
    """
    found = dates_in(text, today=today, year_of=_dated_name(file_name, today))
    if printed := _moment_of(DateKind.PRINTED, found, today):
        return printed
    clues = clues_of(text, found, today, closes or {}, _week_named(file_name, today))
    named: date | None = None
    for where, name in _names(text, file_name):
        day = _named_day(name, clues, today)
        if day is not None and not _cites_after(clues, day):
            return Publication(
                value=day,
                precision=Precision.DAY,
                evidence=f"day taken from {where} {_NEVER_QUOTED.get(where, name)}".rstrip(),
            )
        named = named or day
    if stamp := _moment_of(DateKind.STAMP, found, today):
        return replace(stamp, evidence="no other date printed: the stamp of the page is taken")
    estimate = estimate_of(clues, today)
    if estimate is None:
        return Publication(precision=Precision.UNKNOWN, evidence=_NOTHING)
    return _publication(estimate, named, today)


_NOTHING = "no date printed, none in the file name, and nothing dated is cited"
_FILE, _HEADING, _PRINTED_FILE, _ADDRESS = (
    "the file name",
    "its heading",
    "the name of the file that its page shows",
    "the address of its page",
)
_NEVER_QUOTED = {_PRINTED_FILE: "", _ADDRESS: "", _HEADING: ""}
_PAGE_HEAD = 600
_SUFFIX = re.compile(r"\.(?:pdf|docx?|pptx?|txt|html?)(?![a-z])", re.IGNORECASE)
_NAME_BREAK = re.compile(r"[。;,:《》\]]|https?")
_PATH_DAY = re.compile(r"(?:/|/t)(20\d\d)[/-]?([01]\d)[/-]?([0-3]\d)(?!\d)")
_URL = re.compile(r"https?:/{1,2}[A-Za-z0-9./?=&%_~#:-]{6,200}")


def _names(text: Text, file_name: str) -> Iterator[tuple[str, str]]:
    """Yield what may carry the day: the file, a daily's heading, files and addresses printed."""
    yield _FILE, file_name
    head = text.clean[:_PAGE_HEAD]
    if match := date_words().daily_day.search(head, 0, _DAILY):
        yield _HEADING, match["before"] or match["after"]
    for suffix in _SUFFIX.finditer(head):
        yield (
            _PRINTED_FILE,
            _NAME_BREAK.split(head[max(0, suffix.start() - 80) : suffix.start()])[-1],
        )
    for address in _URL.finditer(head):
        yield _ADDRESS, _PATH_DAY.sub(r"_\1\2\3_", address[0]).replace("/", "_")


# --- printed


def _moment_of(kind: DateKind, found: Sequence[FoundDate], today: date) -> Publication | None:
    own = [one for one in found if one.kind is kind and one.start <= today]
    for one in own:
        # Midnight is what data bases print for a day without a time.
        if one.time is not None and one.time.replace(tzinfo=None) != time(0):
            moment = datetime.combine(one.start, one.time, tzinfo=one.time.tzinfo or SHANGHAI)
            local = moment.astimezone(SHANGHAI)
            if local.date() <= today:
                return Publication(value=local, precision=Precision.EXACT)
    return Publication(value=own[0].start, precision=Precision.DAY) if own else None


# --- the file's name

_NAME_FORMS = (
    re.compile(r"(?<!\d)(20\d\d)[-_./年](1[0-2]|0?[1-9])[-_./月](3[01]|[12]\d|0?[1-9])(?!\d)"),
    re.compile(r"(?<![\dA-Za-z])(20\d\d)([01]\d)([0-3]\d)(?:\d{4,6})?(?![\dA-Za-z])"),
    re.compile(r"AP(20\d\d)([01]\d)([0-3]\d)\d{6,}"),  # the archive number of a report portal
    re.compile(r"(?<![\dA-Za-z])(2[1-9])([01]\d)([0-3]\d)(?![\dA-Za-z])"),
    re.compile(r"(?<![\dA-Za-z])()([01]\d)([0-3]\d)(?![\dA-Za-z])"),
)


def _stem(file_name: str) -> str:
    return re.sub(r"\.[A-Za-z]{2,5}$", "", re.split(r"[\\/]", file_name)[-1])


def _week_named(file_name: str, today: date) -> FoundDate | None:
    """Return the week that a name such as 0518-0522 says is reviewed."""
    spans = dates_in(make_text(_stem(file_name)), today=today, year_of=today)
    return next((one for one in spans if _ONE < one.end - one.start <= _SEVEN), None)


def _dated_name(file_name: str, today: date) -> date | None:
    """Return the day, with its year, that a file's name gives."""
    matches = (match for form in _NAME_FORMS for match in form.finditer(_stem(file_name)))
    days = [_with_year(match, today) for match in matches if match[1]]
    return max((day for day in days if day), default=None)


def _named_day(file_name: str, clues: Clues, today: date) -> date | None:
    if _week_named(file_name, today):
        return None
    for form in _NAME_FORMS:
        matches = form.finditer(_stem(file_name))
        days = [day for match in matches if (day := _named(match, clues, today))]
        if days:
            return max(days)
    return None


def _named(match: re.Match[str], clues: Clues, today: date) -> date | None:
    year, month, day = match.groups()
    if year:
        return _with_year(match, today)
    newest = _newest(clues)
    if newest is None:
        return None  # the name has no year, nor has the text
    years = (newest.year - 1, newest.year, newest.year + 1)
    days = [found for one in years if (found := _valid(one, int(month), int(day)))]
    return min((d for d in days if d <= today), key=lambda d: abs(d - newest), default=None)


def _with_year(match: re.Match[str], today: date) -> date | None:
    year, month, day = (int(part) for part in match.groups())
    found = _valid(year if year > 99 else 2000 + year, month, day)
    return found if found and found <= today else None


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _newest(clues: Clues) -> date | None:
    days = (clues.day, clues.span and clues.span.start, clues.week and clues.week.end)
    return max((day for day in (*days, clues.period, clues.session) if day), default=clues.before)


def _cites_after(clues: Clues, named: date) -> bool:
    newest = (clues.day, clues.span and clues.span.start, clues.week and clues.week.end)
    return any(day > named for day in newest if day)


def _publication(estimate: Estimate, named: date | None, today: date) -> Publication:
    low = estimate.low
    low_day = low.date() if isinstance(low, datetime) else low
    low = low if low_day <= today else today
    evidence = estimate.evidence
    if named is not None:
        evidence = f"the file name says {named}, which is older than what it cites; {evidence}"
    return Publication(
        value=min(estimate.best, today),
        precision=Precision.ESTIMATED,
        range_start=low,
        range_end=min(estimate.high, today),
        evidence=evidence,
    )
