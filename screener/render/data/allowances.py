"""What the present coverage allows, and the command that fetches more, on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import RenderableType
from rich.text import Text

from screener.data.lake.schema import TableName
from screener.language import say, say_count
from screener.render.tables import facts
from screener.study.placebo.characteristics import HISTORY
from screener.workflows.data.allowances import PERCENTILE_DAYS, Allowance, Use
from screener.workflows.data.fetching import BENCHMARK, update_command

__all__ = ["allowance_parts"]

_COMMANDS = {
    Use.PLACEBO: "screener data update --peers",
    Use.PERCENTILES: update_command(TableName.VALUATION),
    Use.FUNDAMENTALS: update_command(TableName.FUNDAMENTALS),
    Use.SCORE: update_command(BENCHMARK),
    Use.TODAY: "screener data update",
}
_WITHOUT_INDUSTRIES = "screener data update --only master,industries"


def allowance_parts(items: Sequence[Allowance]) -> list[RenderableType]:
    """Return for each use how far the data go, and below it the command that fetches more."""
    if not any(item.wanted for item in items):
        return []
    rows = [
        (_USES[item.use](), "\n".join(filter(None, (_TOLD[item.use](item), _command(item)))))
        for item in items
    ]
    title = Text(say("what the data allow, and the command that fetches more"), style="bold")
    return [Text(), title, facts(rows)]


def _command(item: Allowance) -> str:
    if item.use is Use.PLACEBO and not item.groups:
        return f"`{_WITHOUT_INDUSTRIES}`"
    return "" if item.enough else f"`{_COMMANDS[item.use]}`"


def _placebo(item: Allowance) -> str:
    if not item.groups:
        return say("no industry of a basket's name is known")
    return say_count(
        "{held} of {wanted} names of {n} industry with at least {least} sessions",
        "{held} of {wanted} names of {n} industries with at least {least} sessions",
        item.groups,
        **_counts(item),
        least=HISTORY,
    )


def _percentiles(item: Allowance) -> str:
    counts = _counts(item)
    if item.years is None:
        return say("no valuation of {wanted} names", wanted=counts["wanted"])
    years = f"{item.years:.1f}"
    return say(
        "{held} of {wanted} names with at least {least} days of valuation; the longest has {years} "
        "years",
        **counts,
        least=PERCENTILE_DAYS,
        years=years,
    )


def _fundamentals(item: Allowance) -> str:
    return say("reports of {held} of {wanted} names", **_counts(item))


def _score(item: Allowance) -> str:
    counts = _counts(item)
    if item.last is None:
        return say("none of the {wanted} indices that are measured on", wanted=counts["wanted"])
    return say(
        "{held} of {wanted} indices that are measured on, all to {last}", **counts, last=item.last
    )


def _counts(item: Allowance) -> dict[str, str]:
    return {"held": f"{item.held:,}", "wanted": f"{item.wanted:,}"}


def _today(item: Allowance) -> str:
    if item.last is None:
        return say("no bars")
    if item.behind is None:
        return say("to {last}; the calendar does not reach today", last=item.last)
    if not item.behind:
        return say("up to date")
    return say_count(
        "to {last}, {n} session behind",
        "to {last}, {n} sessions behind",
        item.behind,
        last=item.last,
    )


_USES: dict[Use, Callable[[], str]] = {
    Use.PLACEBO: lambda: say("random baskets, base rates"),
    Use.PERCENTILES: lambda: say("percentiles of own history"),
    Use.FUNDAMENTALS: lambda: say("growth, returns on equity"),
    Use.SCORE: lambda: say("scores, benchmarks"),
    Use.TODAY: lambda: say("today, screens"),
}
_TOLD: dict[Use, Callable[[Allowance], str]] = {
    Use.PLACEBO: _placebo,
    Use.PERCENTILES: _percentiles,
    Use.FUNDAMENTALS: _fundamentals,
    Use.SCORE: _score,
    Use.TODAY: _today,
}
