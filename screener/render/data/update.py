"""An update on the terminal: what was asked, who answered, what failed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.sources.online.transport.protocol import Need
from screener.data.update.duration import Stage
from screener.data.update.session import Outcome, UpdateReport
from screener.language import say, say_count
from screener.language.lists import clauses, listed
from screener.language.terms import named
from screener.render.tables import UNDEFINED, Column, plain_table

__all__ = ["forecast_page", "plan_page", "update_page"]

_FAILURES_SHOWN = 15
_REMARKS_SHOWN = 15
_MINUTE = 60
_FEW_HOURS = 10


def plan_page(counts: Sequence[tuple[Need, int]]) -> RenderableType:
    """Return how many questions an update would ask, by kind."""
    if not counts:
        return Text(say("Nothing to ask: all of it is up to date."), style="bold")
    questions = Column(header=say("questions"), numeric=True)
    columns: list[Column | str] = [say("would ask for"), questions]
    total = sum(count for _, count in counts)
    table = plain_table(columns, [[named(need), f"{count:,}"] for need, count in counts])
    told = say("{n:,} questions; nobody was asked.", n=total)
    return Group(table, Text(told, style="bold"))


def forecast_page(stages: Sequence[Stage]) -> RenderableType:
    """Return in which order an update works off its listings, and how long each part takes."""
    parts = [
        say("indices and names of the baskets"),
        say("names of their industries"),
        say("all other listings"),
    ]
    names = parts if len(stages) > 1 else [say("the names that were asked for")]
    rows = [
        [name, f"{item.n_listings:,}", f"{item.n_questions:,}", lasting(item.seconds)]
        for name, item in zip(names, stages, strict=False)
        if item.n_questions
    ]
    if len(rows) > 1:
        counts = [sum(item.n_listings for item in stages), sum(item.n_questions for item in stages)]
        together = lasting(sum(item.seconds for item in stages))
        rows.append([say("together"), *(f"{count:,}" for count in counts), together])
    columns: list[Column | str] = [
        say("in this order"),
        Column(header=say("listings"), numeric=True),
        Column(header=say("questions"), numeric=True),
        Column(header=say("about"), numeric=True),
    ]
    told = say(
        "That is the pace the sources bear. Ctrl-C stops it at any time: what was fetched stays, "
        "and the same command goes on from there."
    )
    return Group(plain_table(columns, rows), Text(told, style="dim"))


def lasting(seconds: float) -> str:
    """Write about how long something takes."""
    minutes = max(1, round(seconds / _MINUTE))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return say_count("{n} minute", "{n} minutes", minutes)
    if hours < _FEW_HOURS:
        return say("{hours} h {minutes:02} min", hours=hours, minutes=rest)
    return say_count("{n} hour", "{n} hours", round(minutes / 60))


def update_page(report: UpdateReport) -> RenderableType:
    """Return what an update did: answers by need, failures, remarks, requests by host."""
    remarks = (*_noted(report), *report.remarks)
    parts: list[RenderableType] = [_needs(report)] if report.outcomes else []
    parts.extend(_failures(report.failures))
    parts.extend(Text(f"· {text}") for text in remarks[:_REMARKS_SHOWN])
    if len(remarks) > _REMARKS_SHOWN:
        told = say("and {n} further remarks", n=len(remarks) - _REMARKS_SHOWN)
        parts.append(Text(f"· {told}"))
    parts.extend(Text(text, style="bold") for text in report.open_circuits)
    if report.requests:
        asked = listed(f"{host} {count}" for host, count in sorted(report.requests.items()))
        parts.append(Text(say("requests: {hosts}", hosts=asked), style="dim"))
    parts.append(Text(_outcome(report), style="bold"))
    return Group(*parts)


def _needs(report: UpdateReport) -> RenderableType:
    columns: list[Column | str] = [
        say("asked for"),
        Column(header=say("answered"), numeric=True),
        Column(header=say("unanswered"), numeric=True),
        Column(header=say("rows"), numeric=True),
        say("answered by"),
    ]
    rows = [
        [
            named(item.need),
            f"{item.answered:,}",
            f"{item.failed:,}" if item.failed else UNDEFINED,
            f"{item.rows:,}",
            listed(f"{name} {count}" for name, count in item.sources) or UNDEFINED,
        ]
        for item in report.by_need
    ]
    return plain_table(columns, rows)


def _failures(failures: Sequence[Outcome]) -> list[Text]:
    told = [
        say(
            "{subject} {need}: {error}",
            subject=item.subject,
            need=named(item.need),
            error=item.error.what,
        )
        for item in failures[:_FAILURES_SHOWN]
        if item.error is not None
    ]
    if len(failures) > _FAILURES_SHOWN:
        told.append(say("and {n:,} more", n=len(failures) - _FAILURES_SHOWN))
    lines = [Text(f"  {text}") for text in told]
    if failures:
        lines.insert(0, Text(say("{n:,} not answered", n=len(failures)), style="bold"))
    return lines


def _noted(report: UpdateReport) -> tuple[str, ...]:
    if not report.noted:
        return ()
    told = say_count(
        "1 row rejected or doubtful: `screener data export DIR --table quarantine` tells why",
        "{n:,} rows rejected or doubtful: `screener data export DIR --table quarantine` tells why",
        report.noted,
    )
    return (told,)


def _outcome(report: UpdateReport) -> str:
    kept = [say("{n:,} answers were up to date", n=report.up_to_date)] if report.up_to_date else []
    stored = say("stored as data version {version}.", version=report.after)
    if report.before == report.after:
        stored = say("nothing new; data version {version}.", version=report.after)
    return clauses([*kept, stored])
