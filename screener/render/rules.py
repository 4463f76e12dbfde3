"""The rules that applied to a listing on a day, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.tables import UNDEFINED, facts, heads, or_dash, plain_table
from screener.results.rules import RULES
from screener.workflows.rules.result import RuleShown, RulesPage

__all__ = ["rules_view"]


def rules_view(page: RulesPage) -> RenderableType:
    """Show the state of the listing, its rules by part, and the sources that they stand in.

    Remarks are not part of it: they belong on standard error.
    """
    numbers = {text: at for at, text in enumerate(page.sources, start=1)}
    return Group(*_heading(page), *_parts(page, numbers), *_source_list(page, numbers))


def _heading(page: RulesPage) -> Iterator[RenderableType]:
    if page.simulated:
        yield Text("SIMULATED market: what is told of the listing is made up", style="bold")
    name = page.known.get("name")
    title = f"{page.listing} {name}" if name else page.listing
    yield Text(f"{title} on {page.at}, board {page.board}", style="bold")
    yield facts(_state(page))
    yield Text()


def _state(page: RulesPage) -> Iterator[tuple[str, str]]:
    if page.data_version is None:  # the remarks say that nothing is known
        return
    labels = (
        (("board_lot", "board lot"),)
        if page.listing.endswith(".HK")
        else (("st", "special treatment"), ("delisting_period", "delisting period"))
    )
    for key, label in (("suspended", "suspended"), ("list_date", "listed"), *labels):
        yield label, _fact(page.known.get(key))
    close, day = page.known.get("previous_close"), page.known.get("previous_session")
    yield "last close", _fact(close) if close is None else f"{_fact(close)} on {day}"
    if page.known.get("reference") != close:
        yield "reference price", f"{_fact(page.known.get('reference'))} after an ex-date"
    yield "data version", str(page.data_version)


def _fact(value: object) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)


def _parts(page: RulesPage, numbers: Mapping[str, int]) -> Iterator[RenderableType]:
    for group in dict.fromkeys(rule.group for rule in page.rules):
        rows = [rule for rule in page.rules if rule.group == group]
        yield plain_table(
            [group, *heads(RULES, "text", "why", "valid_from", "source")],
            [
                [
                    rule.rule,
                    f"{rule.text}, {rule.side}" if rule.side else rule.text,
                    or_dash(rule.why),
                    UNDEFINED if rule.start is None else rule.start.isoformat(),
                    _source(rule, numbers),
                ]
                for rule in rows
            ],
        )
        yield Text()


def _source(rule: RuleShown, numbers: Mapping[str, int]) -> str:
    mark = str(numbers[rule.source]) if rule.source else "sum"
    return mark if rule.verified else f"{mark} unverified"


def _source_list(page: RulesPage, numbers: Mapping[str, int]) -> Iterator[RenderableType]:
    yield Text("Sources", style="bold")
    yield facts((str(at), text) for text, at in numbers.items())
    yield Text(
        f"{page.n_unverified} of {len(page.rules)} lines are unverified: they rest on "
        "secondary sources or on common knowledge, not on the official text."
    )
