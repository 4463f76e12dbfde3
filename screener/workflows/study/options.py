"""Options of a study as a user gives them, checked, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from screener.data.panels.return_tables import ReturnTable, read_return_table
from screener.domain.basket import Event
from screener.domain.choices import check_known, choice
from screener.domain.exits import parse_exits
from screener.errors import InputError
from screener.language import say
from screener.study.evaluating import StudySettings
from screener.study.models import Convention, Model
from screener.study.units import UnitKind
from screener.study.windows import StudyWindows
from screener.workflows.study.portfolios import Match
from screener.workflows.study.run import Grouping, StudyRequest

__all__ = ["StudyOptions"]

_LEAST_DRAWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyOptions:
    """How abnormal returns are found and tested.

    Parameters
    ----------
    unit
        What counts as one event: `basket` or `listing`.
    by
        Study each `basket` or `report` apart, too; or `none`.
    window, estimation
        Sessions that are judged, and those that the model learns from; 0 is the entry.
    least
        Fewest returns to learn from; 0 for half of the estimation window, 30 or more.
    model
        Expected return; `None` for that of the tables given, else the market model.
    benchmark
        One index for all names; empty for CSI 300 and Hang Seng.
    factors, matched
        Table of factors, or of matched portfolios; `industry`, `size` and `size-industry` make
        these from the tables.
    convention
        How standard errors are made.
    max_wait
        Sessions that a blocked purchase of the reader's may wait.
    seed, draws
        Seed and samples of the bootstrap.
    winsor
        Share of each tail of the events that is winsorised.
    exit
        Rules by which the reader sells a name before the window ends, as in a backtest.

    Raises
    ------
    InputError
        If one of them is out of its bounds.
    """

    unit: str = "basket"
    by: str = "none"
    window: tuple[int, int] = (-20, 20)
    estimation: tuple[int, int] = (-250, -30)
    least: int = 0
    model: str | None = None
    benchmark: str = ""
    factors: str | None = None
    matched: str | None = None
    convention: str = "textbook"
    max_wait: int = 10
    seed: int = 20260514
    draws: int = 2_000
    winsor: float = 0.0
    exit: str | tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.factors and self.matched:
            raise InputError(
                say("--factors and --matched are two models"), fix=say("give one of them")
            )
        for value, bound, parameter in (
            (self.seed, 0, "--seed"),
            (self.draws, _LEAST_DRAWS, "--draws"),
            (self.max_wait, 0, "--max-wait"),
        ):
            if value < bound:
                raise InputError(
                    say(
                        "{parameter} {value} is below {bound}",
                        parameter=parameter,
                        value=value,
                        bound=bound,
                    )
                )

    @classmethod
    def of(cls, **given: Any) -> Self:
        """Make options.

        Raises
        ------
        InputError
            If there is no such option, or one is out of its bounds.
        """
        check_known(given, (item.name for item in fields(cls)))
        return cls(**given)

    def request(self, events: Sequence[Event]) -> StudyRequest:
        """Return what is asked of some events."""
        implied = Model.FACTORS if self.factors else Model.MATCHED if self.matched else Model.MARKET
        model = implied if self.model is None else choice(Model, self.model, parameter="--model")
        return StudyRequest(
            events=tuple(events),
            settings=StudySettings(
                windows=StudyWindows(
                    estimation=self.estimation, event=self.window, least=self.least
                ),
                model=model,
                convention=choice(Convention, self.convention, parameter="--convention"),
                seed=self.seed,
                draws=self.draws,
                winsor=self.winsor,
            ),
            unit=choice(UnitKind, self.unit, parameter="--unit"),
            benchmark=self.benchmark,
            by=choice(Grouping, self.by, parameter="--by"),
            max_wait=self.max_wait,
            peers=self.matched if self.matched in set(Match) else "",
            exits=parse_exits(self.exit),
        )

    def table(self) -> ReturnTable | None:
        """Read the table of factors or matched portfolios that was given, if one was."""
        given = self.factors or (None if self.matched in set(Match) else self.matched)
        return read_return_table(Path(given)) if given else None
