"""What holds for a listing on a day: the rules, and what made each apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

__all__ = ["RuleShown", "RulesPage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """One rule that applied, and why.

    Parameters
    ----------
    group
        Part of the page: `trading`, `charges`, `round trip` or `dividend tax`.
    rule
        What it is called.
    text
        What it says, in words and figures.
    why
        What about the listing or its state made it apply.
    source
        The rule's name, and its article or circular.
    verified
        Whether its value was verified.
    side
        Side of the order; empty for both.
    value, unit, currency
        Its value as a number where it is one; fractions, never percentages.
    minimum, maximum
        Bounds an order, in `currency`.
    start, end
        First and last day of it; `None` where it has none, or none is recorded.
    """

    group: str
    rule: str
    text: str
    why: str
    source: str
    verified: bool
    side: str = ""
    value: float | None = None
    unit: str = ""
    currency: str = ""
    minimum: float | None = None
    maximum: float | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPage:
    """All that applied to a listing on a day.

    Parameters
    ----------
    listing, board
        Whose rules.
    at
        The day.
    session
        Whether its exchange traded on that day.
    known
        What the tables told of it: name, ST, suspension, lot and so on; `None` where they did not.
    rules
        The rules.
    remarks
        What could not be known, one line each.
    data_version
        Version of the tables; `None` without any.
    simulated
        Whether the market is simulated.
    """

    listing: str
    board: str
    at: date
    session: bool
    known: Mapping[str, object]
    rules: Sequence[RuleShown]
    remarks: tuple[str, ...] = ()
    data_version: int | None = None
    simulated: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The texts that its rules stand in, once each, in their order."""
        return tuple(dict.fromkeys(rule.source for rule in self.rules if rule.source))

    @property
    def n_unverified(self) -> int:
        """Rules whose value nobody compared with the official text."""
        return sum(not rule.verified for rule in self.rules)
