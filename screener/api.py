"""The program as a library, for notebooks and scripts.

    import screener

    ws = screener.open("research")
    found = ws.backtest(["copper"], hold=(5, 20), capital=1e6)
    found.returns[["report", "horizon", "paper_return", "executable_return"]]

Frames have exactly the columns of the CSV files, with real types: dates are `datetime64[ns]`,
fractions `float64`. Their `attrs` say what they rest on: `run_id`, `data_version`, `simulated`,
`remarks`. Errors are those of `screener.errors`. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screener.api_results import (
    AddedReport,
    BacktestResult,
    BesideResult,
    FollowedResult,
    HeldScreenResult,
    ScoreResult,
    ScreenedResult,
    StudyResult,
    TodayResult,
    WrittenSite,
    framed,
)
from screener.domain.choices import choice
from screener.domain.days import SHANGHAI, parse_day, parse_moment, parse_past
from screener.errors import InputError
from screener.files.program import program_version
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd

    from screener.data.lake.store import Store
    from screener.data.sources.online.transport.clock import Clock
    from screener.data.update.run import Progress
    from screener.data.update.session import UpdateReport
    from screener.domain.listing import Listing
    from screener.workflows.backtest.requests import BacktestRequest
    from screener.workflows.backtest.streaming import Streamed
    from screener.workflows.data.importing import ImportOutcome
    from screener.workflows.data.status import Status
    from screener.workflows.data.verify import Verified
    from screener.workflows.explain.explain import Explanation
    from screener.workflows.explain.traced import Traced
    from screener.workflows.report.catalog import BasketEvents
    from screener.workspace.broken import Broken, Readable
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
    "Workspace",
    "WrittenSite",
    "demo",
    "init",
    "open",
]

Day = date | str
"""A day: a `date`, or text such as `2026-05-27`."""


def open(  # noqa: A001 - as `gzip.open`: it is used with its module's name
    folder: str | os.PathLike[str] | None = None,
) -> Workspace:
    """Open a workspace.

    Parameters
    ----------
    folder
        Its folder; else `$SCREENER_WORKSPACE`, else the nearest parent folder that holds
        `baskets/`.

    Raises
    ------
    ConfigError
        If there is none.
    """
    from screener.workspace.locate import find_workspace

    option = None if folder is None else Path(folder)
    return Workspace(find_workspace(option, environ=os.environ, cwd=Path.cwd()))


def init(folder: str | os.PathLike[str]) -> Workspace:
    """Make a workspace with the shipped report cards and baskets.

    Raises
    ------
    ConfigError
        If `folder` is a file or holds a workspace already.
    """
    from screener.workflows.report.catalog import init_workspace

    return Workspace(init_workspace(Path(folder)))


def demo(folder: str | os.PathLike[str] = "screener-demo") -> Workspace:
    """Make or open the workspace of the demonstration, which holds a simulated market.

    Raises
    ------
    ConfigError
        If the folder holds a workspace of another kind.
    """
    from screener.data.lake.store import Store
    from screener.demo import demo_workspace, simulate

    place = demo_workspace(Path(folder))
    with Store.create(place.lake) as store:
        empty = not any(item.rows for item in store.coverage())
    if empty:
        simulate(place)
    return Workspace(place)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace: report cards, baskets and market data.

    Parameters
    ----------
    place
        Its folders.
    broken
        Called with cards and baskets that cannot be read and were left out; by default they stand
        in the remarks of a result.
    """

    place: Place
    broken: Callable[[Sequence[Broken]], None] | None = None

    @property
    def root(self) -> Path:
        """Its folder."""
        return self.place.root

    # Reports and baskets

    def reports(self) -> pd.DataFrame:
        """Return the report cards, one a row.

        Examples
        --------
        >>> ws.reports()[["id", "broker", "precision"]].tail(1).iloc[0].to_list()
        ['R5', '滙富 Sunwah Kingsway', 'estimated']
        """
        from screener.results.reading import REPORTS
        from screener.workflows.report.catalog import list_reports
        from screener.workflows.report.rows import report_rows

        found = list_reports(self.place)
        return framed(REPORTS, report_rows(found), remarks=self._left_out(found.broken))

    def baskets(self) -> pd.DataFrame:
        """Return the events of the baskets, one a row.

        Examples
        --------
        >>> ws.baskets().query("basket == 'copper'")[["report", "n_named"]].to_numpy().tolist()
        [['R1', 4]]
        """
        from screener.results.reading import BASKETS
        from screener.workflows.report.catalog import basket_events
        from screener.workflows.report.rows import basket_rows

        found = basket_events(self.place)
        return framed(BASKETS, basket_rows(found), remarks=self._left_out(found.broken))

    def add_report(
        self,
        document: str | os.PathLike[str],
        *,
        published: Day | datetime | None = None,
        doubtful: str = "leave",
        dry_run: bool = False,
        again: bool = False,
    ) -> AddedReport:
        """Read a report into a card.

        Parameters
        ----------
        document
            Its file (text, HTML, Markdown, PDF), or its text: what holds a line break.
        published
            When it was published, if the text does not say; a time without a zone is Shanghai's.
        doubtful
            Mentions that may mean several listings: `leave` them open, take the likeliest (`yes`),
            or leave out every doubtful one (`strict`).
        dry_run
            Read it and write nothing.
        again
            Bring the card of a report read before up to date; edits stay.

        Raises
        ------
        NotFoundError
            If there is no such file.
        InputError
            If it cannot be read as a report.

        Examples
        --------
        >>> lines = ["液冷点评", "东山证券 2026年5月20日", "推荐紫金矿业(601899.SH)。"]
        >>> added = ws.add_report(chr(10).join(lines), dry_run=True)
        >>> added.securities[["listing", "role"]].to_numpy().tolist()
        [['601899.SH', 'recommended']]
        """
        from screener.workflows.report.add import Source, add_report
        from screener.workflows.report.doubts import Settle

        content = os.fspath(document)
        whole = isinstance(document, str) and "\n" in content
        added = add_report(
            self.place,
            Source(None, content.encode()) if whole else Source(Path(content)),
            now=_now(),
            published=None if published is None else parse_moment(published, parameter="published"),
            settle=choice(Settle, doubtful, parameter="doubtful"),
            dry_run=dry_run,
            again=again,
        )
        return AddedReport(added)

    def new_basket(
        self,
        name: str,
        listings: Sequence[str],
        *,
        date: Day | datetime,
        weights: Sequence[float] | None = None,
        title_zh: str = "",
        title_en: str = "",
    ) -> Path:
        """Make a basket of your own list of names; return its file.

        Parameters
        ----------
        name
            Lowercase letters, digits and hyphens.
        listings
            Codes such as `300857.SZ`, `sz300857` or `700.HK`, or names, each once.
        date
            When the list was made: a day, known after its close, or a time.
        weights
            One positive number for each listing, relative to each other; equal if left out.
        title_zh, title_en
            Names for people.

        Raises
        ------
        BasketDefinitionError, DateRangeError
            If something of it breaks a rule, it exists, or the day lies in the future.

        Examples
        --------
        >>> ws.new_basket("two", ["601899.SH", "603993.SH"], date="2026-05-14").name
        'two.toml'
        """
        from screener.workflows.report.catalog import new_basket

        _, path = new_basket(
            self.place,
            name=name,
            listings=self._listings(listings),
            published=parse_moment(date, parameter="date"),
            now=_now(),
            title_zh=title_zh,
            title_en=title_en,
            weights=weights,
        )
        return path

    # Market data

    def import_data(
        self,
        source: str | os.PathLike[str] | pd.DataFrame | Sequence[str | os.PathLike[str]],
        kind: str,
        *,
        basis: str | None = None,
        listing: str | None = None,
        columns: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        as_of: Day | None = None,
        dedupe: bool = False,
        continues: bool = False,
        dry_run: bool = False,
    ) -> ImportOutcome:
        """Import files or a DataFrame in one transaction, or a folder piece by piece.

        Parameters
        ----------
        source
            CSV, Excel or Parquet files of one kind, or a DataFrame with such columns; or a folder
            of them, one a listing (`sh600519.csv`) or one a day, or of 通达信's `.day` files, in
            which a file that cannot be read stops no other.
        kind
            What it holds, as `screener data import --kind`.
        basis
            Bars: `raw` or `adjusted`.
        listing
            The one listing of what has no code column.
        columns, units
            Field by column, and unit by field, where they are not recognised.
        as_of
            Day of undated valuations or names.
        dedupe, continues, dry_run
            As the options of the command.

        Returns
        -------
        ImportOutcome
            What was added, changed, removed, refused and why.

        Examples
        --------
        >>> import pandas as pd
        >>> fixing = pd.DataFrame({"session": ["2026-05-14"], "pair": ["HKDCNY"], "rate": [0.92]})
        >>> own = screener.init(ws.root.parent / "own")
        >>> own.import_data(fixing, kind="fx", dry_run=True).dry_run
        True
        """
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.data.sources.files.folders import is_folder
        from screener.workflows.data.folder_import import import_folder
        from screener.workflows.data.frames import as_files
        from screener.workflows.data.importing import import_files
        from screener.workflows.data.requests import import_request

        known = nullcontext() if dry_run else recorded_sessions(self.place.data_cache)
        with known, as_files(source) as paths:
            request = import_request(
                paths,
                kind,
                now=_now(),
                basis=basis,
                listing=listing,
                columns=tuple((columns or {}).items()),
                units=tuple((units or {}).items()),
                as_of=None if as_of is None else parse_day(as_of, parameter="--as-of"),
                dedupe=dedupe,
                continues=continues,
            )
            job = import_folder if any(map(is_folder, paths)) else import_files
            return job(self.place, request, dry_run=dry_run)

    def update(
        self,
        *,
        baskets: Sequence[str] = (),
        listings: Sequence[str] | None = None,
        everything: bool = False,
        needs: Sequence[str] = (),
        sources: Sequence[str] = (),
        start: Day | None = None,
        end: Day | None = None,
        replace_adjusted: bool = False,
        peers: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> UpdateReport:
        """Fetch what is missing from public sources: bars, actions, names, valuation, fixings.

        What was committed stays, whatever ends it; what was not answered is its `failure`.

        Parameters
        ----------
        baskets
            Baskets whose names are meant; every basket if none of the first three is given.
        listings
            Codes, such as `["600519.SH", "00700.HK"]`.
        everything
            Every listing of table `listings`: hours, or days. The baskets' names and those of
            their industries come first.
        needs, sources
            Ask only for these, such as `bars`, and only these, such as `sina`.
        start, end
            First and last day of history; ten years back, and the last finished session.
        replace_adjusted
            Let raw prices replace the adjusted ones of imported files.
        peers
            Every listing of the industries of the baskets' names, too.
        dry_run
            Count the questions in `planned`, tell in `stages` how long they take, and ask nobody.
        progress
            Called with the steps done, all of them, and what comes next.

        Raises
        ------
        InputError
            If the names are given in two ways, or a need or source is not known.
        StorageError
            If another update is at work, or something cannot be written.

        Examples
        --------
        >>> ws.update(listings=["601899.SH"], dry_run=True)
        Traceback (most recent call last):
        screener.errors.InputError: ...
        """
        from screener.workflows.data.update import (
            UpdateWish,
            planned_update,
            update_data,
            update_request,
        )

        wish = UpdateWish(
            baskets=tuple(baskets),
            listings=listings,
            everything=everything,
            needs=tuple(needs),
            sources=tuple(sources),
            start=None if start is None else parse_day(start, parameter="--from"),
            end=None if end is None else parse_day(end, parameter="--to"),
            replace_adjusted=replace_adjusted,
            peers=peers,
        )
        clock = _clock()
        today = clock.now().astimezone(SHANGHAI).date()
        request, broken = update_request(self.place, wish, today=today)
        remarks = self._left_out(broken)
        if dry_run:
            found = planned_update(self.place, request, clock=clock)
        else:
            found = update_data(self.place, request, clock=clock, progress=progress or _untold)
        return replace(found, remarks=(*remarks, *found.remarks))

    def status(self, listings: Sequence[str] | None = None) -> Status:
        """Return what is stored, of which names and sessions, and how fresh it is.

        Examples
        --------
        >>> ws.status().data_version
        2
        """
        from screener.workflows.data.status import read_status

        wanted = None if listings is None else self._listings(listings)
        return read_status(self.place, now=_now(), listings=wanted)

    def verify(self) -> Verified:
        """Look for damage, and for stored values that cannot be right.

        Examples
        --------
        >>> ws.verify().n_errors
        0
        """
        from screener.workflows.data.verify import verify

        return verify(self.place)

    def prices(
        self,
        listings: Sequence[str],
        start: Day | None = None,
        end: Day | None = None,
        *,
        adjust: str = "total",
        data_version: int | None = None,
    ) -> pd.DataFrame:
        """Return bars of listings, one session a row.

        Parameters
        ----------
        listings
            Codes or names.
        start, end
            First and last session, both included.
        adjust
            `total` for prices times the total-return factor, 1 in the first session; `none` for
            prices as they are stored.
        data_version
            Version of the data to read; the newest if left out.

        Raises
        ------
        BarsMissing
            If there is no bar of one of them.

        Examples
        --------
        >>> ws.prices(["601899.SH"], "2026-05-11", "2026-05-13")[["session", "close"]].shape
        (3, 2)
        """
        from screener.data.lake.store import Store
        from screener.results.prices import PRICES
        from screener.workflows.data.prices import price_rows

        if adjust not in ("total", "none"):
            raise InputError(say("adjust {adjust} is not one of total, none", adjust=repr(adjust)))
        with Store.open(self.place.lake, version=data_version) as store:
            rows = price_rows(
                store,
                self._listings(listings),
                start=None if start is None else parse_day(start, parameter="start"),
                end=None if end is None else parse_day(end, parameter="end"),
                adjusted=adjust == "total",
            )
            about = {"data_version": store.version, "simulated": store.simulated()}
        return framed(PRICES, rows, **about)

    # Results

    def backtest(
        self,
        names: Sequence[str] | None = None,
        *,
        report: str | None = None,
        hold: int | Sequence[int] = (5, 20, 60, 120),
        capital: float | str | Sequence[float] | None = None,
        benchmark: str = "",
        data_version: int | None = None,
        jobs: int | None = None,
        cluster: str | None = None,
        capacity: bool = False,
        **options: Any,
    ) -> BacktestResult:
        """Backtest baskets from the first session in which a reader could act.

        Parameters
        ----------
        names
            Baskets; every basket when left out.
        report
            Only the events of this report.
        hold
            Sessions to hold; the entry is session 1.
        capital
            Money of the traded path in CNY, a million unless the settings of the workspace say
            otherwise, or text such as `20万`; several amounts give a row each.
        benchmark
            One index for all names, `none`, or empty for CSI 300 and Hang Seng.
        data_version
            Version of the data to read; the newest if left out.
        jobs
            Processes that share the events, -1 for all; as the settings say if left out.
        cluster
            Address of a Dask scheduler, `tls://host:8786`, whose workers share the events instead;
            keys and certificates are those of Dask's configuration.
        capacity
            Whether to look for the money at which the edge over the index is gone; see `.capacity`.
        **options
            Further fields of `workflows.backtest.options.BacktestOptions`: `paper`,
            `participation`, `slippage_bps`, `impact_bps`, `fx_spread_bps`, `commission_bps`,
            `commission_min`, `account`, `hk_account`, `cost_bps`, `max_wait`, `delay`,
            `weighting`, `entry`, `rebalance`, `rights`, `delisting_recovery`, `exit`; what is left
            out is as the settings of the workspace say, else built in. Several values of `delay`,
            `weighting`, `entry` or `rebalance` run every combination.

        Raises
        ------
        NotFoundError
            If a basket or the report does not exist.
        InputError
            If an option is out of its bounds.
        DataError
            What is missing, if no row comes out as it was asked for.

        Examples
        --------
        >>> found = ws.backtest(["copper"], hold=(5, 20), capital=1e6)
        >>> found.returns[["report", "horizon", "status"]].to_numpy().tolist()
        [['R1', 5, 'mature'], ['R1', 20, 'mature']]
        >>> found.returns.attrs["simulated"]
        True
        """
        from screener.data.lake.store import Store
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.workflows.backtest.run import run_variants

        groups, requests = self._variants(names, report, hold, capital, benchmark, options)
        remarks = self._left_out(groups.broken)
        with (
            self._sharing(jobs, cluster) as shared,
            Store.open(self.place.lake, version=data_version) as store,
            recorded_sessions(self.place.data_cache),
        ):
            requests = self._leaving(store, requests)
            runs = run_variants(
                store,
                requests,
                program_version=program_version(),
                jobs=shared,
                capacity=capacity,
            )
        lacking = groups.lacking or any(run.lacking for run in runs)
        baskets = tuple(basket for basket, _ in groups)
        return BacktestResult(
            self.place, runs, lacking=lacking, remarks=remarks, baskets=baskets, jobs=shared
        )

    def backtest_to(
        self,
        folder: str | os.PathLike[str],
        names: Sequence[str] | None = None,
        *,
        report: str | None = None,
        hold: int | Sequence[int] = (5, 20, 60, 120),
        capital: float | Sequence[float] | None = None,
        benchmark: str = "",
        data_version: int | None = None,
        jobs: int | None = None,
        cluster: str | None = None,
        **options: Any,
    ) -> Streamed:
        """Backtest very many events: rows are written as Parquet, some events at a time.

        Nothing is kept in memory or stored as a run. The files are those of the frames of
        `backtest`: returns, orders (names on paper), metrics and shortfall, and `remarks.txt` with
        what is to be said of single rows.

        Parameters
        ----------
        folder
            A folder that is not there yet, or empty.
        names, report, hold, capital, benchmark, data_version, jobs, cluster, **options
            As in `backtest`.

        Raises
        ------
        NotFoundError, InputError, DataError
            As `backtest` does, and `InputError` if the folder holds something.
        StorageError
            If it cannot be written; nothing is left then.

        Examples
        --------
        >>> found = ws.backtest_to(ws.place.root / "rows", ["copper"], hold=(5, 20))
        >>> found.rows["returns"]
        2
        """
        from screener.data.lake.store import Store
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.workflows.backtest.streaming import stream_variants

        groups, requests = self._variants(names, report, hold, capital, benchmark, options)
        remarks = self._left_out(groups.broken)
        with (
            self._sharing(jobs, cluster) as shared,
            Store.open(self.place.lake, version=data_version) as store,
            recorded_sessions(self.place.data_cache),
        ):
            requests = self._leaving(store, requests)
            found = stream_variants(
                store,
                requests,
                Path(folder),
                program_version=program_version(),
                jobs=shared,
            )
        lacking = found.lacking or groups.lacking
        return replace(found, lacking=lacking, remarks=(*remarks, *found.remarks))

    def _variants(
        self,
        names: Sequence[str] | None,
        report: str | None,
        hold: int | Sequence[int],
        capital: float | str | Sequence[float] | None,
        benchmark: str,
        options: Mapping[str, Any],
    ) -> tuple[Readable[BasketEvents], tuple[BacktestRequest, ...]]:
        """Return the baskets that are asked for, and a request for each combination of options."""
        from screener.workflows.backtest.options import BacktestOptions
        from screener.workflows.backtest.requests import request_of, variant_requests
        from screener.workflows.report.catalog import basket_events

        money = {} if capital is None else {"capital": capital}
        chosen = BacktestOptions.of(**{**self._defaults(), **money, **options, "hold": hold})
        groups = basket_events(self.place, names or None, report)
        request = request_of(groups, chosen.settings(), benchmark=benchmark)
        return groups, variant_requests(request, chosen.variants())

    def _leaving(
        self, store: Store, requests: Sequence[BacktestRequest]
    ) -> tuple[BacktestRequest, ...]:
        """Return requests whose names know when they leave for what was published later."""
        from screener.workflows.backtest.leaves import with_leaves

        return tuple(
            replace(item, events=with_leaves(self.place, store, item.events, item.settings.exits))
            for item in requests
        )

    def follow(
        self,
        names: Sequence[str] | None = None,
        *,
        every: bool = False,
        report: str | Sequence[str] | None = None,
        broker: str | Sequence[str] | None = None,
        theme: str | Sequence[str] | None = None,
        ratings: str | None = None,
        hold: int = 20,
        slots: int = 10,
        capital: float | None = None,
        first: Day | None = None,
        last: Day | None = None,
        chain: bool = False,
        benchmark: str = "",
        data_version: int | None = None,
        capacity: bool = False,
        **options: Any,
    ) -> FollowedResult:
        """Follow a stream of events with one account: one equity curve of acting on all of them.

        At its entry each event gets the money of a slot, what the account was worth at the close
        before it divided by `slots`, and is held for `hold` sessions under every rule and charge.
        Events that find no slot free are skipped and named.

        Parameters
        ----------
        names
            Baskets, and ids of reports, whose themes are an event each.
        every
            Every basket, as when nothing else is said either.
        report, broker, theme
            Only what these reports say; these brokers; what is said of these themes, or of
            industries as notes and ratings print them. By themselves they choose from all themes
            of all reports.
        ratings
            Imported ratings as well, an event of one name each: `all`, or those of a grade or
            better: `buy`, `accumulate`, `hold`, `reduce`, `sell`.
        hold
            Sessions to hold each event; the entry is session 1.
        slots
            Events held at once, at most.
        capital
            Money at the start in CNY, a million unless the settings say otherwise.
        first, last
            Span of entry sessions; the curve ends with `last`, or with the tables.
        chain
            Hold the events of each basket as its versions, one after the other: names that one adds
            are bought, those that it drops are sold, the others are brought to their weights, all
            at the open of its entry. `hold` and `slots` are not read then.
        benchmark
            An index, `none`, or empty for CSI 300 (Hang Seng where every name is of Hong Kong).
        data_version
            Version of the data to read; the newest if left out.
        capacity
            Whether to look for the money at which the edge over the index is gone; see `.capacity`.
        **options
            Further options of trading, as in `backtest`: `participation`, `slippage_bps`,
            `impact_bps`, `fx_spread_bps`, `commission_bps`, `commission_min`, `account`,
            `hk_account`, `max_wait`, `delay`, `weighting`, `rights`, `delisting_recovery`, `exit`.

        Raises
        ------
        NotFoundError
            If a basket, a report, a broker or a theme does not exist.
        InputError
            If an option is out of its bounds.
        DataError
            If no event could be followed for want of data.

        Examples
        --------
        >>> found = ws.follow(hold=20, slots=4)
        >>> found.events["status"].value_counts().to_dict()["sold"]
        5
        >>> found.curve.columns[:3].to_list()
        ['session', 'equity', 'cash']
        """
        from screener.data.lake.store import Store
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.workflows.backtest.leaves import with_leaves
        from screener.workflows.backtest.options import BacktestOptions
        from screener.workflows.follow.run import FollowRequest, follow, refuse_unread
        from screener.workflows.follow.streams import StreamRequest, gather_stream

        refuse_unread(options)
        money = {} if capital is None else {"capital": capital}
        chosen = BacktestOptions.of(**{**self._defaults(), **money, **options, "hold": hold})
        filters = {"reports": report, "brokers": broker, "themes": theme}
        wanted = {name: _words(value) for name, value in filters.items()}
        nothing = not (names or ratings or any(wanted.values()))
        asked = StreamRequest(
            names=tuple(names or ()), every=every or nothing, ratings=ratings or "", **wanted
        )
        span = {
            name: None if day is None else parse_day(day, parameter=name)
            for name, day in (("first", first), ("last", last))
        }
        with (
            Store.open(self.place.lake, version=data_version) as store,
            recorded_sessions(self.place.data_cache),
        ):
            stream = gather_stream(self.place, store, asked)
            remarks = self._left_out(stream.broken)
            events = with_leaves(
                self.place, store, stream.needed, chosen.settings().exits, stream.brokers
            )
            request = FollowRequest.of(
                events, chosen, slots=slots, benchmark=benchmark, chain=chain, **span
            )
            run = follow(
                store,
                request,
                program_version=program_version(),
                told=stream.remarks,
                capacity=capacity,
            )
        lacking = stream.lacking or run.lacking
        baskets = stream.baskets
        return FollowedResult(self.place, run, lacking=lacking, remarks=remarks, baskets=baskets)

    def site(
        self,
        folder: str | os.PathLike[str],
        *,
        hold: int | Sequence[int] = (5, 20, 60, 120),
        placebo: int = 1_000,
        data_version: int | None = None,
        jobs: int | None = None,
        cluster: str | None = None,
    ) -> WrittenSite:
        """Write an index and a page for each event, report, basket, broker and saved screen.

        A screen that is saved in the workspace is asked as of the last session, and held over the
        twelve months up to it.

        Parameters
        ----------
        folder
            A new folder, an empty one, or one that was written so before: pages that have not
            changed are not touched.
        hold, data_version, jobs, cluster
            As in `backtest`.
        placebo
            Random baskets to compare each event with; 0 for none.

        Raises
        ------
        InputError
            If the folder holds other files.
        DataError
            What is missing, if no row comes out as it was asked for.

        Examples
        --------
        >>> site = ws.site(ws.root / "pages", placebo=0)
        >>> site.index
        'index.html'
        """
        from screener.data.lake.store import Store
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.files.folders import check_folder, write_folder
        from screener.render.pages.site import INDEX, site_files
        from screener.workflows.page.site import site_facts

        target = Path(folder)
        check_folder(target)
        found = self.backtest(hold=hold, data_version=data_version, jobs=jobs, cluster=cluster)
        run = found.runs[0]
        with (
            Store.open(self.place.lake, version=run.data_version) as store,
            recorded_sessions(self.place.data_cache),
        ):
            facts = site_facts(self.place, store, run, draws=placebo, defaults=self._defaults())
            files = site_files(facts)
        changes = write_folder(target, files, last=INDEX)
        return WrittenSite(
            written=changes.written,
            kept=changes.kept,
            removed=changes.removed,
            index=INDEX,
            lacking=found.lacking,
        )

    def screen(
        self,
        *,
        as_of: Day,
        universe: str | None = None,
        basket: str | None = None,
        listings: str | Sequence[str | Listing] | None = None,
        where: str | None = None,
        sort: str | None = None,
        top: int | None = None,
        allow_missing: Sequence[str] = (),
        currency: str = "CNY",
        rank: str | None = None,
        checks: Mapping[str, str] | None = None,
        exclude: Sequence[str] = (),
        industry: str | None = None,
        fields: Sequence[str] = (),
        data_version: int | None = None,
        **ranges: str | tuple[float | None, float | None],
    ) -> ScreenedResult:
        """List the names that were cheap as of a day, ranked, each with the reason.

        Parameters
        ----------
        as_of
            The day: nothing that was known after it is used.
        universe
            `a`, `hk` or `all`; or give `basket`, or `listings`.
        basket
            Screen the names that this basket had on that day.
        listings
            Screen these listings: codes, or names that one listing alone bears.
        where
            Condition over the fields, such as `pb < 3 OR dividend_yield > 0.03`.
        sort
            Field to rank by, `-field` for descending; the first range's field if left out.
        top
            Only the so many best that passed.
        allow_missing
            Fields whose missing value may pass.
        currency
            Currency of the amounts, asked and shown.
        rank
            Expression over the fields that ranks the names, with ` desc` behind it for the highest
            first; instead of `sort`.
        checks
            Named conditions, each told of each name.
        exclude
            What to leave out: `st`, `suspended`, `new` (listed for less than a year).
        industry
            Keep one industry, as dated in table `industries`.
        fields
            Fields to show besides those that are asked for.
        data_version
            Version of the data to read; the newest if left out.
        **ranges
            `field=(low, high)`, both ends included, `None` for an open end: `pe_static=(0, 15)`;
            or text such as `0..15`.

        Raises
        ------
        InputError
            If a field, a range or the condition is none.

        Examples
        --------
        >>> cheap = ws.screen(universe="a", as_of="2026-05-27", pe_static=(0, 15), pb=(None, 1.5))
        >>> bool(cheap.rows["passed"].iloc[0])
        True
        """
        from screener.data.lake.store import Store
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.workflows.screen.requests import screen_request
        from screener.workflows.screen.run import run_screen

        request, groups = screen_request(
            self.place,
            as_of=parse_day(as_of, parameter="as_of"),
            universe=universe,
            basket=basket,
            listings=listings,
            ranges=ranges,
            where=where,
            sort=sort,
            top=top,
            allow_missing=allow_missing,
            currency=currency,
            rank=rank,
            checks=checks,
            exclude=exclude,
            industry=industry,
            fields=fields,
        )
        remarks = self._left_out(groups.broken)
        with (
            recorded_sessions(self.place.data_cache),
            Store.open(self.place.lake, version=data_version) as store,
        ):
            result = run_screen(store, request, program_version=program_version())
        lacking = groups.lacking or result.lacking
        return ScreenedResult(result, lacking=lacking, remarks=remarks)

    def screen_report(
        self,
        report: str,
        *,
        as_of: Day,
        data_version: int | None = None,
        **asked: Any,
    ) -> BesideResult:
        """Screen the names of a report at the moment when it could be known, and on a day.

        Parameters
        ----------
        report
            Its id.
        as_of
            The day to compare with.
        data_version
            Version of the data to read; the newest if left out.
        **asked
            What `screen` takes besides who is looked at, ranges too.

        Raises
        ------
        ReportNotFound
            If there is no such report.
        DataError
            If its day is not known, or the tables do not reach it.

        Examples
        --------
        >>> beside = ws.screen_report("R5", as_of="2026-06-30")
        >>> beside.rows.query("measure == 'price'")["claimed"].to_list()
        [264.18, 335.99, 119.35]
        """
        from screener.data.lake.store import Store
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.workflows.report.catalog import get_report
        from screener.workflows.screen.beside import beside_request, screen_beside

        card = get_report(self.place, report)
        day = parse_day(as_of, parameter="as_of")
        request = beside_request(self.place, card, as_of=day, asked=asked)
        with (
            recorded_sessions(self.place.data_cache),
            Store.open(self.place.lake, version=data_version) as store,
        ):
            found = screen_beside(store, card, request)
        return BesideResult(found, lacking=found.then.lacking or found.now.lacking)

    def screen_backtest(
        self,
        saved: str | None = None,
        *,
        first: Day,
        last: Day,
        every: str = "month",
        top: int | None = None,
        capital: float | None = None,
        benchmark: str = "",
        bias_check: bool = False,
        data_version: int | None = None,
        **asked: Any,
    ) -> HeldScreenResult:
        """Hold what a screen names with one account: what it would have earned.

        The account begins with the first session of the span. Then, and on the first session of
        each month or quarter, it holds the `top` names that passed in equal parts: decided by what
        was known after the session before, traded at the open under every rule and charge.

        Parameters
        ----------
        saved
            Name of a saved screen, or its title; what is given in `asked` goes before it.
        first, last
            The span.
        every
            `month` or `quarter`.
        top
            Names held at most; as the saved screen says, else all that pass.
        capital
            Money at the start in CNY, a million unless the settings say otherwise.
        benchmark
            An index, `none`, or empty for CSI 300 (Hang Seng where every name is of Hong Kong).
        bias_check
            Whether it is run again with what was known only later, one thing at a time.
        data_version
            Version of the data to read; the newest if left out.
        **asked
            What `screen` takes, ranges too, and options of trading as in `backtest`:
            `participation`, `slippage_bps`, `impact_bps`, `fx_spread_bps`, `commission_bps`,
            `commission_min`, `hk_account`, `max_wait`, `delay`, `rights`, `delisting_recovery`.

        Raises
        ------
        NotFoundError
            If there is no such saved screen, or basket.
        InputError
            If an option is out of its bounds.
        DataError
            If the tables do not hold what a date of the span needs.

        Examples
        --------
        >>> held = ws.screen_backtest(
        ...     universe="a", pb=(None, 3), top=5, first="2026-04-20", last="2026-06-30"
        ... )
        >>> held.rebalances["n_named"].to_list()
        [5, 5, 5]
        """
        from screener.data.lake.store import Store
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.workflows.screen.backtest.requests import held_screen_request
        from screener.workflows.screen.backtest.run import backtest_screen

        money = {} if capital is None else {"capital": capital}
        request, groups = held_screen_request(
            self.place,
            saved,
            first=parse_day(first, parameter="first"),
            last=parse_day(last, parameter="last"),
            every=every,
            top=top,
            benchmark=benchmark,
            biases=bias_check,
            asked={**money, **asked},
            defaults=self._defaults(),
        )
        remarks = self._left_out(groups.broken)
        with (
            recorded_sessions(self.place.data_cache),
            Store.open(self.place.lake, version=data_version) as store,
        ):
            run = backtest_screen(store, request, program_version=program_version())
        lacking = groups.lacking or run.lacking
        return HeldScreenResult(run, lacking=lacking, remarks=remarks)

    def study(
        self,
        names: Sequence[str] | None = None,
        *,
        report: str | None = None,
        placebo: int = 0,
        hold: int | Sequence[int] = (5, 20),
        calibrate: int = 0,
        planted: float = 0.0,
        data_version: int | None = None,
        jobs: int | None = None,
        cluster: str | None = None,
        **options: Any,
    ) -> StudyResult:
        """Study abnormal returns around events, and compare baskets with random ones.

        Parameters
        ----------
        names, report
            As in `backtest`.
        placebo
            Random baskets to compare each with; 0 for none.
        hold
            Sessions that random baskets are held.
        calibrate, planted
            Draws of random stocks on random dates that show how often each test errs, 0 for none;
            and a return planted on session 0 that shows what they find.
        data_version, jobs, cluster
            As in `backtest`.
        **options
            Further fields of `workflows.study.options.StudyOptions`: `unit`, `by`, `window`,
            `estimation`, `least`, `model`, `benchmark`, `factors`, `matched`, `convention`,
            `max_wait`, `seed`, `draws`, `winsor`, `exit` (the reader's window ends at it).

        Raises
        ------
        InputError, NotFoundError, DataError
            As `backtest` does.

        Examples
        --------
        >>> ws.study(["copper"]).tests.columns[:3].to_list()  # doctest: +ELLIPSIS
        [...]
        """
        from screener.data.lake.store import Store
        from screener.workflows.backtest.leaves import with_leaves
        from screener.workflows.report.catalog import basket_events, needed_events
        from screener.workflows.study.calibration import calibrate as calibrated_on
        from screener.workflows.study.options import StudyOptions
        from screener.workflows.study.run import run_study
        from screener.workflows.study.verdicts import compared

        chosen = StudyOptions.of(**options)
        groups = basket_events(self.place, names or None, report)
        remarks = self._left_out(groups.broken)
        request = chosen.request(needed_events(groups))
        if placebo and request.exits.any:
            raise InputError(
                say("--exit is not read by --placebo: random baskets are held to the horizon"),
                fix=say("leave one of them out"),
            )
        table, beside, calibration = chosen.table(), None, None
        with (
            self._sharing(jobs, cluster) as shared,
            Store.open(self.place.lake, version=data_version) as store,
        ):
            events = with_leaves(self.place, store, request.events, request.exits)
            request = replace(request, events=events)
            run = run_study(
                store,
                request,
                program_version=program_version(),
                table=table,
                jobs=shared,
            )
            if calibrate:
                calibration = calibrated_on(
                    store,
                    run,
                    draws=calibrate,
                    planted=planted,
                    program_version=program_version(),
                    table=table,
                    jobs=shared,
                )
            if placebo:
                beside = compared(
                    self.place,
                    store,
                    groups,
                    request,
                    horizons=_several(hold),
                    draws=placebo,
                    program_version=program_version(),
                    jobs=shared,
                )
        lacking = groups.lacking or run.lacking
        lacking = lacking or (beside is not None and beside.backtest.lacking)
        return StudyResult(
            self.place, run, beside, lacking=lacking, remarks=remarks, calibrated=calibration
        )

    def score(
        self,
        names: Sequence[str] = (),
        *,
        broker: str = "",
        by: str = "broker",
        min_calls: int = 20,
        backdate: bool = False,
        data_version: int | None = None,
    ) -> ScoreResult:
        """Hold ratings to their brokers' own definitions, beside the base rate.

        Parameters
        ----------
        names
            Baskets or reports; every call when left out.
        broker
            Only calls of this broker.
        by
            `broker`, `analyst`, `theme` or `rating`; several with commas.
        min_calls
            Matured calls that a rank needs.
        backdate
            Judge calls for which no definition of their broker was known by then by one of an
            earlier name of it, or by the first that was seen later.
        data_version
            Version of the data to read; the newest if left out.

        Examples
        --------
        >>> int(ws.score().board["trials"].iloc[0])
        6
        """
        from screener.data.lake.store import Store
        from screener.workflows.score.run import ScoreRequest, parse_groupings, run_score

        request = ScoreRequest(
            names=tuple(names),
            broker=broker,
            by=parse_groupings(by),
            min_calls=min_calls,
            backdate=backdate,
        )
        with Store.open(self.place.lake, version=data_version) as store:
            run = run_score(self.place, store, request, program_version=program_version())
        return ScoreResult(run, remarks=self._left_out(run.broken))

    def today(self, since: Day | None = None) -> TodayResult:
        """Tell what is new since the last look, or since a day.

        Nothing is taken for seen before `keep` of what is returned is called.

        Parameters
        ----------
        since
            Tell what is of this day or later; since the last look if left out.

        Raises
        ------
        StorageDamaged
            If what was kept of the last look cannot be read.

        Examples
        --------
        >>> ws.today().has_news
        True
        """
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.workflows.backtest.options import BacktestOptions
        from screener.workflows.report.catalog import list_baskets
        from screener.workflows.today.look import Look, last_look
        from screener.workflows.today.run import run_today

        now = _now()
        if since is None:
            before = last_look(self.place)
        else:
            before = Look(since=parse_past(since, parameter="--since", now=now))
        with recorded_sessions(self.place.data_cache):
            found = run_today(
                self.place,
                before,
                now=now,
                program_version=program_version(),
                options=BacktestOptions.of(**self._defaults()),
                jobs=int(str(self.settings()["jobs"])),
            )
        return TodayResult(self.place, found, baskets=tuple(list_baskets(self.place)))

    def explain(self, result: BacktestResult | str, row: int = 0) -> Explanation | Traced:
        """Show where a row came from: prices, weights, orders, rules, statements, sources.

        It is evaluated again at the data version of its run; what comes out otherwise is told.

        Parameters
        ----------
        result
            A backtest, or the id of a stored run of any kind.
        row
            Its row in `returns`, or in the run's main table, counted from 0 as a DataFrame does.

        Raises
        ------
        NotFoundError
            If there is no such run.
        InputError
            If it has no such row.

        Examples
        --------
        >>> ws.explain(ws.backtest(["copper"], hold=5), 0)  # doctest: +ELLIPSIS
        Explanation(...)
        """
        from screener.data.lake.store import Store
        from screener.data.panels.calendar_cache import recorded_sessions
        from screener.workflows.explain.explain import explain
        from screener.workflows.explain.kinds import kind_of
        from screener.workflows.explain.traced import trace
        from screener.workspace.runs import load_run, stored_row

        run_id = result
        if isinstance(result, BacktestResult):
            result.save()
            run_id, row = result.stored(row)
        stored = load_run(self.place, str(run_id))
        kind = kind_of(stored)
        wanted = stored_row(stored, row + 1, kind.main)
        with (
            Store.open(self.place.lake, version=stored.data_version) as store,
            recorded_sessions(self.place.data_cache),
        ):
            if kind.name != "backtest":
                return trace(self.place, store, stored, wanted, program_version=program_version())
            return explain(store, stored, wanted, program_version=program_version())

    def settings(self) -> dict[str, object]:
        """Return the settings that hold: environment, else `screener.toml`, else built in.

        Raises
        ------
        ConfigError
            If one of them is none.

        Examples
        --------
        >>> ws.settings()["capital"]
        (1000000.0,)
        """
        from screener.workflows.settings import held_settings

        held = held_settings(self.place, os.environ)
        return {key: item.value for key, item in held.items()}

    @contextmanager
    def _sharing(self, jobs: int | None, cluster: str | None) -> Iterator[int]:
        """Share work within among so many processes, or the workers of a cluster."""
        if jobs is not None and cluster is not None:
            raise InputError(
                say("work is shared by --jobs on this machine, or by --cluster on others"),
                fix=say("leave one of them out"),
            )
        held = self.settings() if jobs is None else {}
        address = str(held.get("cluster", "")) if cluster is None else cluster
        with ExitStack() as stack:
            if address:
                from screener.paths.workers.cluster import on_cluster

                stack.enter_context(on_cluster(address))
            yield int(str(held["jobs"])) if jobs is None else jobs

    def _defaults(self) -> dict[str, Any]:
        """Return the options of a backtest that the settings say."""
        from screener.workflows.settings import backtest_defaults, held_settings

        return dict(backtest_defaults(held_settings(self.place, os.environ)))

    def _listings(self, listings: Sequence[str]) -> list[Listing]:
        from screener.workflows.listing_lookup import find_listing

        return [
            find_listing(self.place, item, parameter="listings", kind=None) for item in listings
        ]

    def _left_out(self, broken: Sequence[Broken]) -> tuple[str, ...]:
        if self.broken is None:
            return tuple(item.told() for item in broken)
        self.broken(broken)
        return ()


def _now() -> datetime:
    return datetime.now(UTC)


def _clock() -> Clock:
    from screener.data.sources.online.transport.clock import Clock

    return Clock(now=_now, sleep=time.sleep)


def _untold(done: int, total: int, label: str) -> None:
    """Tell nobody how far an update is."""


def _words(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _several(value: int | Sequence[int]) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)
