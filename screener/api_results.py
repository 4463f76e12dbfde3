"""Results of the API: what a run found, as DataFrames that are made when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

from screener.errors import InputError
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd
    import vectorbt as vbt

    from screener.domain.basket import Basket
    from screener.domain.report import Report
    from screener.render.pages.notebook import Picture
    from screener.results.tables import Row, TableSpec
    from screener.workflows.backtest.run import BacktestRun
    from screener.workflows.follow.run import FollowRun
    from screener.workflows.page.basket import BasketPage
    from screener.workflows.report.add import Added
    from screener.workflows.score.run import ScoreRun
    from screener.workflows.screen.backtest.run import ScreenBacktest
    from screener.workflows.screen.beside import Beside
    from screener.workflows.screen.run import ScreenResult
    from screener.workflows.study.calibration import CalibrationRun
    from screener.workflows.study.run import StudyRun
    from screener.workflows.study.verdicts import VerdictRun
    from screener.workflows.today.run import Today
    from screener.workspace.locate import Workspace as Place

__all__ = [
    "AddedReport",
    "BacktestResult",
    "BesideResult",
    "FollowedResult",
    "HeldScreenResult",
    "ScoreResult",
    "ScreenedResult",
    "StudyResult",
    "TodayResult",
    "WrittenSite",
    "framed",
]


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """Results of a backtest; every frame is made when it is first asked for.

    Parameters
    ----------
    place
        The workspace.
    runs
        One for each combination of delay, weighting, entry and rebalance.
    lacking
        Whether something is missing that was asked for, or a card that may have fed it is broken.
    remarks
        What was left out before anything was run.
    baskets
        The baskets that were asked for.
    jobs
        Workers that share what is done with its results; -1 for one per processor.
    """

    place: Place
    runs: tuple[BacktestRun, ...]
    lacking: bool = False
    remarks: tuple[str, ...] = ()
    baskets: tuple[Basket, ...] = ()
    jobs: int = 1

    @property
    def titles(self) -> dict[str, str]:
        """What the baskets are called in the reader's language, where they have such a title."""
        return _titles(self.baskets)

    @cached_property
    def returns(self) -> pd.DataFrame:
        """One event, horizon and capital a row: the CSV of `screener backtest --csv`.

        Examples
        --------
        >>> found.returns["paper_return"].round(4).to_list()
        [-0.0149, 0.0312]
        """
        from screener.workflows.backtest.rows import result_table

        table = result_table(self.runs)
        return self._frame(table.spec, table.rows)

    @cached_property
    def names(self) -> pd.DataFrame:
        """Every name of every window on paper, with what became of it.

        Examples
        --------
        >>> found.names["state"].unique().tolist()
        ['held']
        """
        from screener.results.backtest import NAMES
        from screener.workflows.backtest.rows import ledger_rows

        return self._frame(NAMES, [row for run in self.runs for row in ledger_rows(run)])

    @cached_property
    def orders(self) -> pd.DataFrame:
        """Every order, filled or not, dividend, tax and rights issue of the traded path.

        Examples
        --------
        >>> sorted(found.orders["side"].dropna().unique())
        ['buy', 'sell']
        """
        from screener.results.backtest import ORDERS
        from screener.workflows.backtest.order_rows import order_rows

        return self._frame(ORDERS, [row for run in self.runs for row in order_rows(run)])

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Measures of each paper path: volatility, Sharpe, drawdown, beta and more.

        Examples
        --------
        >>> found.metrics["horizon"].to_list()
        [5, 20]
        """
        from screener.results.backtest import METRICS
        from screener.workflows.backtest.measures import metric_rows

        return self._frame(METRICS, [row for run in self.runs for row in metric_rows(run)])

    @cached_property
    def shortfall(self) -> pd.DataFrame:
        """The steps from the index to the money, which sum to the executable return.

        Examples
        --------
        >>> found.shortfall["step"].iloc[0]
        'market'
        """
        from screener.results.backtest import SHORTFALL
        from screener.workflows.backtest.rows import shortfall_rows

        return self._frame(SHORTFALL, [row for run in self.runs for row in shortfall_rows(run)])

    @cached_property
    def shortfall_means(self) -> pd.DataFrame:
        """The mean of those steps over the events with finished paths, by horizon and capital.

        Examples
        --------
        >>> found.shortfall_means["step"].iloc[-1]
        'FX'
        """
        from screener.results.backtest import SHORTFALL_MEANS
        from screener.workflows.backtest.rows import mean_shortfall_rows

        return self._frame(SHORTFALL_MEANS, mean_shortfall_rows(self.runs))

    @cached_property
    def capacity(self) -> pd.DataFrame:
        """Amounts of money on the way to the one at which the edge is gone, by sessions held.

        Empty unless `backtest` was asked for it.

        Examples
        --------
        >>> found.capacity.columns.to_list()[:3]
        ['horizon', 'capital', 'n_events']
        """
        from screener.results.backtest import CAPACITY
        from screener.workflows.backtest.capacity import capacity_rows

        rows = [
            row
            for run in self.runs
            for one in run.capacities
            for row in capacity_rows(one.capacity, run.run_id, one.horizon)
        ]
        return self._frame(CAPACITY, rows)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Values at each close, 1 at the start: of the basket, the money and the index.

        Examples
        --------
        >>> found.paths.groupby("horizon").size().to_list()
        [5, 20]
        """
        from screener.results.backtest import PATHS
        from screener.workflows.backtest.rows import path_rows

        return self._frame(PATHS, [row for run in self.runs for row in path_rows(run)])

    def portfolio(self, row: int = 0) -> vbt.Portfolio:
        """Return the traded path of a row of `returns` as a `vectorbt.Portfolio`.

        The basket is one holding in it, worth what the money is worth at each close; the orders
        that made it so, with their charges, stand in `orders`. `import vectorbt` takes seconds.

        Parameters
        ----------
        row
            The row, counted from 0.

        Raises
        ------
        InputError
            If it has no such row, or was not traded with money.

        Examples
        --------
        >>> round(float(found.portfolio(1).total_return()), 4)
        0.024
        """
        from screener.backtest.engine import holding_of

        run, at = self._at(row)
        result = run.results[at]
        if result.capital is None or not len(result.traded_path):
            raise InputError(
                say("row {row} was not traded with money", row=row),
                fix=say("its path on paper is in `paths`"),
            )
        return holding_of(result.path_sessions, result.traded_path, result.capital)

    @property
    def run_id(self) -> str:
        """Id of the run; those of several, joined by +."""
        return "+".join(dict.fromkeys(run.run_id for run in self.runs))

    def save(self) -> tuple[str, ...]:
        """Store its runs for `screener explain` and `data diff`; return what was said."""
        from screener.workflows.backtest.documents import encoded_document
        from screener.workflows.kept_runs import save_run

        told: list[str] = []
        for run in self.runs:
            told += save_run(self.place, run.run_id, encoded_document(run, jobs=self.jobs))
        return tuple(told)

    def stored(self, row: int) -> tuple[str, int]:
        """Return the id of the run of a row of `returns`, and the row's place in that run."""
        run, at = self._at(row)
        return run.run_id, at

    def _at(self, row: int) -> tuple[BacktestRun, int]:
        at = row
        for run in self.runs:
            if 0 <= at < len(run.results):
                return run, at
            at -= len(run.results)
        raise InputError(say("there is no row {row}", row=row), fix=say("rows count from 0"))

    def _frame(self, spec: TableSpec, rows: Sequence[Row]) -> pd.DataFrame:
        remarks = dict.fromkeys(
            (*self.remarks, *(line for run in self.runs for line in run.remarks))
        )
        return framed(
            spec,
            rows,
            run_id=self.run_id,
            data_version=self.runs[0].data_version,
            simulated=self.runs[0].simulated,
            remarks=tuple(remarks),
        )

    def to_html(self, target: str | PathLike[str] | None = None, *, placebo: int = 1_000) -> str:
        """Return its page as HTML, one file that needs nothing else; write it if a file is named.

        One event has its names, orders, claims, valuations and sources on it; several share a
        table, and each has its verdict and its chart.

        Parameters
        ----------
        target
            The file; a page that is there is replaced.
        placebo
            Random baskets to compare each event with; 0 for none.

        Raises
        ------
        InputError
            If the file is there and is no page or other result.

        Examples
        --------
        >>> found.to_html()[:15]
        '<!doctype html>'
        """
        from screener.render.pages.basket import basket_document
        from screener.render.pages.events import events_document

        pages = self._pages(placebo)
        return _written(
            basket_document(pages[0]) if len(pages) == 1 else events_document(pages), target
        )

    def plot(self, event: int = 0, *, placebo: int = 0) -> Picture:
        """Return the chart of an event: on paper, with money, and the index.

        A notebook shows it; `.svg` of it can be kept.

        Parameters
        ----------
        event
            The event, counted from 0 in the order of `returns`.
        placebo
            Random baskets whose band is drawn behind it; 0 for none.

        Raises
        ------
        InputError
            If there is no such event, or nothing of it could be held.

        Examples
        --------
        >>> found.plot().svg.startswith("<figure")
        True
        """
        from screener.render.pages.notebook import Picture, chart_of

        pages = self._pages(placebo, compared=False)
        if not 0 <= event < len(pages):
            raise InputError(
                say("there is no event {event}", event=event), fix=say("events count from 0")
            )
        return Picture(chart_of(pages[event]))

    def _pages(self, placebo: int, *, compared: bool = True) -> list[BasketPage]:
        from screener.data.lake.store import Store
        from screener.workflows.page.basket import basket_pages

        with Store.open(self.place.lake, version=self.runs[0].data_version) as store:
            return [
                page
                for run in self.runs
                for page in basket_pages(self.place, store, run, draws=placebo, compared=compared)
            ]

    def _repr_html_(self) -> str:
        from screener.render.pages.notebook import backtest_shown

        return backtest_shown(self._pages(0, compared=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSite:
    """Pages that were written: how many of each, and where they begin.

    Parameters
    ----------
    written, kept, removed
        How many were written, were so already, or have no place any more.
    index
        Name of the first page in the folder.
    lacking
        Whether a card or basket that may have fed them is broken, or data are missing.
    """

    written: int
    kept: int
    removed: int
    index: str
    lacking: bool = False


@dataclass(frozen=True, eq=False)
class AddedReport:
    """A report that was read."""

    added: Added

    @property
    def report(self) -> Report:
        """The card."""
        return self.added.report

    @cached_property
    def securities(self) -> pd.DataFrame:
        """Securities of the card, with role, theme and confidence."""
        from screener.results.reading import SECURITIES

        return self._frame(SECURITIES, "securities")

    @cached_property
    def claims(self) -> pd.DataFrame:
        """Figures that the report states."""
        from screener.results.reading import CLAIMS

        return self._frame(CLAIMS, "claims")

    @cached_property
    def unresolved(self) -> pd.DataFrame:
        """Mentions whose meaning was left open."""
        from screener.results.reading import UNRESOLVED

        return self._frame(UNRESOLVED, "unresolved")

    def _frame(self, spec: TableSpec, part: str) -> pd.DataFrame:
        from screener.workflows.report.rows import document_rows

        return framed(spec, document_rows(self.added, part), remarks=self.added.remarks)


class _OfOneRun:
    """Frames of a result of one run, with its identity."""

    if TYPE_CHECKING:
        run: FollowRun | ScreenBacktest | StudyRun
        remarks: tuple[str, ...]

    def _frame(self, spec: TableSpec, rows: Sequence[Row]) -> pd.DataFrame:
        return framed(
            spec,
            rows,
            run_id=self.run.run_id,
            data_version=self.run.data_version,
            simulated=self.run.simulated,
            remarks=(*self.remarks, *self.run.remarks),
        )


@dataclass(frozen=True, eq=False)
class FollowedResult(_OfOneRun):
    """A stream of events followed with one account; every frame is made when it is asked for.

    Parameters
    ----------
    place
        The workspace.
    run
        What the account came to.
    lacking
        Whether something is missing that was asked for, or a card that may have fed it is broken.
    remarks
        What was left out before anything was run.
    baskets
        The baskets that were asked for.
    """

    place: Place
    run: FollowRun
    lacking: bool = False
    remarks: tuple[str, ...] = ()
    baskets: tuple[Basket, ...] = ()

    @property
    def titles(self) -> dict[str, str]:
        """What the baskets are called in the reader's language, where they have such a title."""
        return _titles(self.baskets)

    @cached_property
    def events(self) -> pd.DataFrame:
        """Every event of the span, followed or skipped: the CSV of `screener follow --csv`.

        Examples
        --------
        >>> int(followed.events["n_bought"].gt(0).sum())
        4
        """
        from screener.results.follow import EVENTS
        from screener.workflows.follow.rows import event_rows

        return self._frame(EVENTS, event_rows(self.run))

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The account at the close of each session: equity, cash, exposure, index.

        Examples
        --------
        >>> bool((followed.curve["equity"] > 0).all())
        True
        """
        from screener.results.follow import CURVE
        from screener.workflows.follow.rows import curve_rows

        return self._frame(CURVE, curve_rows(self.run))

    @cached_property
    def capacity(self) -> pd.DataFrame:
        """Amounts of money on the way to the one at which the edge is gone.

        Empty unless `follow` was asked for it.

        Examples
        --------
        >>> len(followed.capacity)
        0
        """
        from screener.results.backtest import CAPACITY
        from screener.workflows.backtest.capacity import capacity_rows

        run = self.run
        horizon = run.request.settings.horizons[0]
        rows = [] if run.capacity is None else capacity_rows(run.capacity, run.run_id, horizon)
        return self._frame(CAPACITY, rows)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """Every order, filled or not, dividend, tax and rights issue of the account.

        Examples
        --------
        >>> sorted(followed.orders["side"].dropna().unique())[:2]
        ['buy', 'sell']
        """
        from screener.results.backtest import ORDERS
        from screener.workflows.follow.rows import followed_orders

        return self._frame(ORDERS, followed_orders(self.run))

    @cached_property
    def measures(self) -> pd.DataFrame:
        """One row: return, volatility, drawdown, exposure, turnover, alpha with its test.

        Examples
        --------
        >>> followed.measures["slots"].to_list()
        [4]
        """
        from screener.results.follow import MEASURES
        from screener.workflows.follow.rows import measure_row

        return self._frame(MEASURES, [measure_row(self.run)])

    def to_html(self, target: str | PathLike[str] | None = None) -> str:
        """Return its page as HTML, as `BacktestResult.to_html`."""
        from screener.render.pages.follow import follow_document

        return _written(follow_document(self.run, self.baskets), target)

    def _repr_html_(self) -> str:
        from screener.render.pages.notebook import table_shown
        from screener.results.follow import EVENTS
        from screener.workflows.follow.rows import event_rows

        return table_shown(EVENTS, event_rows(self.run))


@dataclass(frozen=True, eq=False)
class ScreenedResult:
    """A finished screen."""

    result: ScreenResult
    lacking: bool = False
    remarks: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Every name: those that passed by rank, then the others, each with the reason."""
        from screener.workflows.screen.table import screen_table

        table = screen_table(self.result, passed_only=False)
        return framed(
            table.spec,
            table.rows,
            data_version=self.result.data_version,
            simulated=self.result.simulated,
            remarks=(*self.remarks, *self.result.remarks),
        )

    def to_html(self, target: str | PathLike[str] | None = None, *, called: str = "") -> str:
        """Return its page as HTML, as `BacktestResult.to_html`; `called` heads it."""
        from screener.render.pages.screen import screen_document

        return _written(screen_document(self.result, name=called), target)

    def _repr_html_(self) -> str:
        from screener.render.pages.notebook import table_shown
        from screener.workflows.screen.table import screen_table

        table = screen_table(self.result)
        return table_shown(table.spec, table.rows)


@dataclass(frozen=True, eq=False)
class BesideResult:
    """The names of a report when it could be known and now, beside its own figures.

    Parameters
    ----------
    found
        Both screens, and the report.
    lacking
        Whether something is missing that the amounts of some names need.
    """

    found: Beside
    lacking: bool = False

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One name and field a row: the CSV of `screener screen --report ID --csv`.

        Examples
        --------
        >>> int(beside.rows["then"].notna().sum() > 0)
        1
        """
        from screener.results.screen import BESIDE
        from screener.workflows.screen.beside import beside_rows

        return framed(
            BESIDE,
            beside_rows(self.found),
            data_version=self.found.now.data_version,
            simulated=self.found.now.simulated,
            remarks=self.found.remarks,
        )

    def to_html(self, target: str | PathLike[str] | None = None) -> str:
        """Return its page as HTML, as `BacktestResult.to_html`."""
        from screener.render.pages.screen_report import screen_report_document

        return _written(screen_report_document(self.found), target)

    def _repr_html_(self) -> str:
        from screener.render.pages.notebook import table_shown
        from screener.results.screen import BESIDE
        from screener.workflows.screen.beside import beside_rows

        return table_shown(BESIDE, beside_rows(self.found))


@dataclass(frozen=True, eq=False)
class HeldScreenResult(_OfOneRun):
    """What a screen would have earned; every frame is made when it is asked for.

    Parameters
    ----------
    run
        What the account came to.
    lacking
        Whether something is missing that was asked for, or a card that may have fed it is broken.
    remarks
        What was left out before anything was run.
    """

    run: ScreenBacktest
    lacking: bool = False
    remarks: tuple[str, ...] = ()

    @cached_property
    def rebalances(self) -> pd.DataFrame:
        """One rebalancing a row: the CSV of `screener screen --backtest --csv`.

        Examples
        --------
        >>> bool((held.rebalances["decided"] < held.rebalances["traded"]).all())
        True
        """
        from screener.results.screen_backtest import REBALANCES
        from screener.workflows.screen.backtest.rows import rebalance_rows

        return self._frame(REBALANCES, rebalance_rows(self.run))

    @cached_property
    def names(self) -> pd.DataFrame:
        """Every name of every rebalancing, with its rank.

        Examples
        --------
        >>> held.names.groupby("decided")["rank"].max().to_list()
        [5, 5, 5]
        """
        from screener.results.screen_backtest import NAMES
        from screener.workflows.screen.backtest.rows import name_rows

        return self._frame(NAMES, name_rows(self.run))

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The account at the close of each session: equity, cash, exposure, index.

        Examples
        --------
        >>> bool((held.curve["equity"] > 0).all())
        True
        """
        from screener.results.screen_backtest import CURVE
        from screener.workflows.screen.backtest.rows import curve_rows

        return self._frame(CURVE, curve_rows(self.run))

    @cached_property
    def orders(self) -> pd.DataFrame:
        """Every order, filled or not, dividend, tax and rights issue of the account.

        Examples
        --------
        >>> "buy" in set(held.orders["side"])
        True
        """
        from screener.results.screen_backtest import ORDERS
        from screener.workflows.screen.backtest.rows import order_rows

        return self._frame(ORDERS, order_rows(self.run))

    @cached_property
    def measures(self) -> pd.DataFrame:
        """One row: return, volatility, drawdown, turnover, capacity, alpha with its test.

        Examples
        --------
        >>> held.measures["n_rebalances"].to_list()
        [3]
        """
        from screener.results.screen_backtest import MEASURES
        from screener.workflows.screen.backtest.rows import measure_row

        return self._frame(MEASURES, [measure_row(self.run)])

    @cached_property
    def biases(self) -> pd.DataFrame:
        """The same with what was known only later, one thing a row; none unless asked for.

        Examples
        --------
        >>> len(held.biases)
        0
        """
        from screener.results.screen_backtest import BIASES
        from screener.workflows.screen.backtest.rows import bias_rows

        return self._frame(BIASES, bias_rows(self.run))

    def to_html(self, target: str | PathLike[str] | None = None) -> str:
        """Return its page as HTML, as `BacktestResult.to_html`."""
        from screener.render.pages.screen_backtest import screen_backtest_document

        return _written(screen_backtest_document(self.run), target)

    def _repr_html_(self) -> str:
        from screener.render.pages.notebook import table_shown
        from screener.results.screen_backtest import REBALANCES
        from screener.workflows.screen.backtest.rows import rebalance_rows

        return table_shown(REBALANCES, rebalance_rows(self.run))


@dataclass(frozen=True, eq=False)
class StudyResult(_OfOneRun):
    """A finished study, with the comparison with random baskets and the calibration, if any."""

    place: Place
    run: StudyRun
    beside: VerdictRun | None = None
    lacking: bool = False
    remarks: tuple[str, ...] = ()
    calibrated: CalibrationRun | None = None

    @cached_property
    def tests(self) -> pd.DataFrame:
        """One test of one part of the window a row."""
        from screener.results.study import TESTS
        from screener.workflows.study.rows import test_rows

        return self._frame(TESTS, test_rows(self.run))

    @cached_property
    def sessions(self) -> pd.DataFrame:
        """AR, CAAR and tests by session around the events."""
        from screener.results.study import SESSIONS
        from screener.workflows.study.rows import day_rows

        return self._frame(SESSIONS, day_rows(self.run))

    @cached_property
    def events(self) -> pd.DataFrame:
        """Every event with its abnormal returns."""
        from screener.workflows.study.rows import unit_table

        table = unit_table(self.run)
        return self._frame(table.spec, table.rows)

    @cached_property
    def names(self) -> pd.DataFrame:
        """Every name, kept or dropped and why."""
        from screener.results.study import NAMES
        from screener.workflows.study.rows import name_rows

        return self._frame(NAMES, name_rows(self.run))

    @cached_property
    def placebos(self) -> pd.DataFrame:
        """Each basket among its random ones."""
        from screener.results.placebo import PLACEBOS
        from screener.workflows.study.placebo.rows import placebo_rows

        return self._frame(PLACEBOS, placebo_rows(self._beside.placebo))

    @cached_property
    def calibration(self) -> pd.DataFrame:
        """How often each test errs on random stocks and dates of this market."""
        from screener.results.study import CALIBRATION
        from screener.workflows.study.calibration import calibration_rows

        if self.calibrated is None:
            raise InputError(say("nothing was calibrated"), fix=say("give calibrate=200"))
        return self._frame(CALIBRATION, calibration_rows(self.calibrated))

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """What the closing sentence of each event rests on."""
        from screener.results.placebo import VERDICTS
        from screener.workflows.study.verdicts import verdict_rows

        return self._frame(VERDICTS, verdict_rows(self._beside))

    def to_html(self, target: str | PathLike[str] | None = None) -> str:
        """Return its page as HTML, as `BacktestResult.to_html`."""
        from screener.render.pages.study import study_document

        return _written(study_document(self.run, self.beside, self.calibrated), target)

    def _repr_html_(self) -> str:
        from screener.render.pages.notebook import table_shown
        from screener.results.study import TESTS
        from screener.workflows.study.rows import test_rows

        return table_shown(TESTS, test_rows(self.run))

    @property
    def _beside(self) -> VerdictRun:
        if self.beside is None:
            raise InputError(
                say("nothing was compared with random baskets"), fix=say("give placebo=2000")
            )
        return self.beside


@dataclass(frozen=True, eq=False)
class ScoreResult:
    """Brokers held to their own definitions."""

    run: ScoreRun
    remarks: tuple[str, ...] = ()

    @cached_property
    def board(self) -> pd.DataFrame:
        """One broker, analyst, theme or rating a row: calls, hits, interval, base rate."""
        from screener.results.score import SCORES
        from screener.workflows.score.rows import score_rows

        return self._frame(SCORES, list(score_rows(self.run)))

    @cached_property
    def calls(self) -> pd.DataFrame:
        """Every call and how it ended."""
        from screener.results.score import CALLS
        from screener.workflows.score.rows import call_rows

        return self._frame(CALLS, list(call_rows(self.run)))

    @cached_property
    def plain(self) -> pd.DataFrame:
        """Mean active return after 20, 60, 120 and 250 sessions, whatever was promised."""
        from screener.results.score import PLAIN
        from screener.workflows.score.rows import plain_rows

        return self._frame(PLAIN, plain_rows(self.run))

    def to_html(self, target: str | PathLike[str] | None = None) -> str:
        """Return its page as HTML, as `BacktestResult.to_html`."""
        from screener.render.pages.score import score_document

        return _written(score_document(self.run), target)

    def _repr_html_(self) -> str:
        from screener.render.pages.notebook import table_shown
        from screener.results.score import SCORES
        from screener.workflows.score.rows import score_rows

        return table_shown(SCORES, score_rows(self.run))

    def _frame(self, spec: TableSpec, rows: Sequence[Row]) -> pd.DataFrame:
        return framed(
            spec,
            rows,
            data_version=self.run.data_version,
            simulated=self.run.simulated,
            remarks=(*self.remarks, *self.run.remarks),
        )


@dataclass(frozen=True, eq=False)
class TodayResult:
    """What is new since a look."""

    place: Place
    today: Today
    baskets: tuple[Basket, ...] = ()

    @property
    def has_news(self) -> bool:
        """Whether anything is new."""
        return self.today.has_news

    @property
    def titles(self) -> dict[str, str]:
        """What the baskets are called in the reader's language, where they have such a title."""
        return _titles(self.baskets)

    @cached_property
    def cards(self) -> pd.DataFrame:
        """One note of a new card a row; reposts and reiterations say so."""
        from screener.results.today import CARDS

        return self._frame(CARDS, self.today.cards)

    @cached_property
    def matured(self) -> pd.DataFrame:
        """One event, horizon and capital whose window ended a row."""
        from screener.results.today import MATURED

        return self._frame(MATURED, self.today.matured)

    @cached_property
    def judged(self) -> pd.DataFrame:
        """One call whose horizon ended a row."""
        from screener.results.today import JUDGED

        return self._frame(JUDGED, self.today.judged)

    @cached_property
    def screened(self) -> pd.DataFrame:
        """One name that entered or left a saved screen a row."""
        from screener.results.today import SCREENED

        return self._frame(SCREENED, self.today.screened)

    @cached_property
    def changed(self) -> pd.DataFrame:
        """One value of a finished result that data have corrected a row."""
        from screener.results.today import RUN_DIFF

        return self._frame(RUN_DIFF, self.today.changed)

    @cached_property
    def lacks(self) -> pd.DataFrame:
        """What is stale, missing or broken, and the command that mends it."""
        from screener.results.today import LACKS

        return self._frame(LACKS, self.today.lacks)

    def to_html(self, target: str | PathLike[str] | None = None) -> str:
        """Return its page as HTML, as `BacktestResult.to_html`."""
        from screener.render.pages.today import today_html

        return _written(today_html(self.today, lambda: self.titles), target)

    def keep(self) -> None:
        """Take all of it for seen, unless a day was asked for: the next look begins here."""
        from screener.workflows.today.look import keep_look

        if self.today.before.since is None:
            keep_look(self.place, self.today.now)

    def _frame(self, spec: TableSpec, rows: Sequence[Row]) -> pd.DataFrame:
        return framed(
            spec,
            rows,
            data_version=self.today.now.data_version,
            simulated=self.today.simulated,
            remarks=self.today.remarks,
        )


def _titles(baskets: Sequence[Basket]) -> dict[str, str]:
    from screener.language import Language, bound

    if bound() is not Language.ZH:
        return {}
    return {item.name: item.title_zh for item in baskets if item.title_zh}


def _written(page: str, target: str | PathLike[str] | None) -> str:
    if target is not None:
        from os import fspath

        from screener.files.writing import check_targets, write_text

        check_targets(fspath(target))
        write_text(fspath(target), page)
    return page


def framed(spec: TableSpec, rows: Sequence[Row], **attrs: object) -> pd.DataFrame:
    """Return rows as a DataFrame; `attrs` say what it rests on."""
    from screener.results.frames import frame_of

    return frame_of(spec, rows, attrs)
