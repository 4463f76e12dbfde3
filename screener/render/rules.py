"""The rules that applied to a listing on a day, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.schema import SIMULATED
from screener.domain.listing import Board
from screener.language import Language, bound, say
from screener.market.names import board_name
from screener.render.local import told, word
from screener.render.tables import UNDEFINED, facts, heads, or_dash, plain_table
from screener.results.rules import RULES
from screener.workflows.rules.result import RuleShown, RulesPage

__all__ = ["rules_view"]

_GROUPS = {
    "trading": lambda: say("trading"),
    "charges": lambda: say("charges"),
    "round trip": lambda: say("round trip"),
    "dividend tax": lambda: say("dividend tax"),
}


def rules_view(page: RulesPage) -> RenderableType:
    """Show the state of the listing, its rules by part, and the sources that they stand in.

    Remarks are not part of it: they belong on standard error.
    """
    numbers = {text: at for at, text in enumerate(page.sources, start=1)}
    return Group(*_heading(page), *_parts(page, numbers), *_source_list(page, numbers))


def _heading(page: RulesPage) -> Iterator[RenderableType]:
    if page.simulated:
        told_ = say("{mark} market: what is told of the listing is made up", mark=SIMULATED)
        yield Text(told_, style="bold")
    name = page.known.get("name")
    title = f"{page.listing} {name}" if name else page.listing
    heading = say(
        "{title} on {day}, board {board}", title=title, day=page.at, board=_board(page.board)
    )
    yield Text(heading, style="bold")
    yield facts(_state(page))
    yield Text()


def _state(page: RulesPage) -> Iterator[tuple[str, str]]:
    if page.data_version is None:  # the remarks say that nothing is known
        return
    labels = (
        (("board_lot", say("board lot")),)
        if page.listing.endswith(".HK")
        else (("st", say("special treatment")), ("delisting_period", say("delisting period")))
    )
    for key, label in (("suspended", say("suspended")), ("list_date", say("listed")), *labels):
        yield label, _fact(page.known.get(key))
    close, day = page.known.get("previous_close"), page.known.get("previous_session")
    yield (
        say("last close"),
        _fact(close) if close is None else say("{price} on {day}", price=_fact(close), day=day),
    )
    if page.known.get("reference") != close:
        yield (
            say("reference price"),
            say("{price} after an ex-date", price=_fact(page.known.get("reference"))),
        )
    yield say("data version"), str(page.data_version)


def _fact(value: object) -> str:
    if value is None:
        return say("not known")
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)


def _parts(page: RulesPage, numbers: Mapping[str, int]) -> Iterator[RenderableType]:
    for group in dict.fromkeys(rule.group for rule in page.rules):
        rows = [rule for rule in page.rules if rule.group == group]
        yield plain_table(
            [_group(group), *heads(RULES, "text", "why", "valid_from", "source")],
            [
                [
                    told(rule.rule),
                    _text(rule),
                    or_dash(told(rule.why)),
                    UNDEFINED if rule.start is None else rule.start.isoformat(),
                    _source(rule, numbers),
                ]
                for rule in rows
            ],
        )
        yield Text()


def _text(rule: RuleShown) -> str:
    text = told(rule.text)
    return say("{text}, {side}", text=text, side=word(str(rule.side))) if rule.side else text


def _board(name: str) -> str:
    return board_name(Board(name)) if bound() is Language.ZH else name


def _group(name: str) -> str:
    return _GROUPS[name]() if name in _GROUPS and bound() is Language.ZH else name


def _source(rule: RuleShown, numbers: Mapping[str, int]) -> str:
    mark = str(numbers[rule.source]) if rule.source else say("sum")
    return mark if rule.verified else say("{mark} unverified", mark=mark)


def _source_list(page: RulesPage, numbers: Mapping[str, int]) -> Iterator[RenderableType]:
    yield Text(say("Sources"), style="bold")
    yield facts((str(at), told(text)) for text, at in numbers.items())
    yield Text(
        say(
            "{n} of {all} lines are unverified: they rest on secondary sources or on common "
            "knowledge, not on the official text.",
            n=page.n_unverified,
            all=len(page.rules),
        )
    )
