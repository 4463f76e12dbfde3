"""What happened since the last look: cards, windows, calls, saved screens, corrections, gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from screener.data.doctor.holdings import commits
from screener.data.lake.store import Store
from screener.domain.basket import Event
from screener.domain.days import SHANGHAI
from screener.domain.report import Note, Report
from screener.errors import InputError, NoTradableConstituents, ScreenerError
from screener.language import say, say_count
from screener.language.lists import in_a_line
from screener.language.terms import named
from screener.paths.windows import WindowStatus
from screener.results.tables import Row
from screener.results.today import CARDS, JUDGED, LACKS, MATURED, RUN_DIFF, SCREENED
from screener.workflows.backtest.documents import run_document
from screener.workflows.backtest.options import BacktestOptions
from screener.workflows.backtest.requests import request_of, variant_requests
from screener.workflows.backtest.rows import result_rows
from screener.workflows.backtest.run import BacktestRun, run_variants
from screener.workflows.data.diff import diff_versions, run_diff_rows
from screener.workflows.data.status import Status, read_status
from screener.workflows.report.catalog import basket_events, list_reports
from screener.workflows.score.rows import call_rows
from screener.workflows.score.run import ScoreRequest, run_score
from screener.workflows.today.look import Look
from screener.workflows.today.screens import screened
from screener.workspace.broken import Broken
from screener.workspace.locate import Workspace
from screener.workspace.runs import StoredRun
from screener.workspace.screens import own_screens

__all__ = ["Today", "run_today", "today_document"]

_ENDED = ("met", "missed")
_PROGRESS = "sessions_held"
_CORRECTED = ("backtest",)  # kinds of runs whose corrections are news


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What happened since a look.

    Parameters
    ----------
    before, now
        The look that it is told against, and this one.
    cards, matured, judged, screened, changed, lacks
        Rows of `CARDS`, `MATURED`, `JUDGED`, `SCREENED`, `RUN_DIFF` and `LACKS`.
    simulated
        Whether the prices are of the simulated market.
    remarks
        What a reader should know.
    failed
        What could not be found out, and is not taken for known.
    """

    before: Look
    now: Look
    cards: Sequence[Row] = ()
    matured: Sequence[Row] = ()
    judged: Sequence[Row] = ()
    screened: Sequence[Row] = ()
    changed: Sequence[Row] = ()
    lacks: Sequence[Row] = ()
    simulated: bool = False
    remarks: tuple[str, ...] = ()
    failed: tuple[ScreenerError, ...] = ()

    @property
    def has_news(self) -> bool:
        """Whether anything is new; what was stale or missing at the last look is not."""
        new_lack = any(row["is_new"] for row in self.lacks)
        news = (self.cards, self.matured, self.judged, self.screened, self.changed)
        return new_lack or any(map(bool, news))


@dataclass(slots=True)
class _Found:
    """What is found part by part; a part that fails leaves what was known of it."""

    before: Look
    rows: dict[str, list[Row]] = field(default_factory=dict)
    keys: dict[str, frozenset[str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    failed: list[ScreenerError] = field(default_factory=list)
    run: BacktestRun | None = None
    version: int | None = None
    simulated: bool = False


def run_today(
    workspace: Workspace,
    before: Look,
    *,
    now: datetime,
    program_version: str,
    options: BacktestOptions,
    jobs: int = 1,
) -> Today:
    """Compare what is known now with what was known at a look.

    Everything is read at one data version, the newest; what fails is told, and the rest goes on.

    Parameters
    ----------
    workspace
        The workspace.
    before
        What was known; with a day in it, what is of that day or later is new.
    now
        Present moment, aware.
    program_version
        Version of the program, part of a run's id.
    options
        How the baskets are held and paid for, in the first of their ways.
    jobs
        Processes that share the events.
    """
    found = _Found(before)
    broken = _cards(workspace, found)
    try:
        with Store.open(workspace.lake) as store:
            found.version, found.simulated = store.version, store.simulated()
            _tried(found, lambda: _windows(workspace, store, found, program_version, options, jobs))
            _tried(found, lambda: _calls(workspace, store, found))
            _screens(workspace, store, found, now)
            old = _old_version(store, before)
    except ScreenerError as error:
        found.failed.append(error.bare())
        old = None
    if found.version is not None:
        _tried(found, lambda: _changes(workspace, old, found, program_version))
        _tried(found, lambda: _lacks(workspace, found, now, broken))
    keys = {
        name: getattr(before, name) for name in ("notes", "windows", "calls", "lacks", "screens")
    }
    version = before.data_version if found.version is None else found.version
    return Today(
        before=before,
        now=Look(at=now.astimezone(UTC), data_version=version, **{**keys, **found.keys}),
        simulated=found.simulated,
        remarks=tuple(dict.fromkeys(found.remarks)),
        failed=tuple(found.failed),
        **{name: tuple(rows) for name, rows in found.rows.items()},
    )


def today_document(found: Today) -> dict[str, object]:
    """Return it as one document for JSON."""
    before = found.before
    return {
        "since": before.since or before.at,
        "now": found.now.at,
        "data_version_before": before.data_version,
        "data_version": found.now.data_version,
        "simulated": found.simulated,
        "has_news": found.has_news,
        "cards": [CARDS.row(row) for row in found.cards],
        "matured": [MATURED.row(row) for row in found.matured],
        "judged": [JUDGED.row(row) for row in found.judged],
        "screened": [SCREENED.row(row) for row in found.screened],
        "changed": [RUN_DIFF.row(row) for row in found.changed],
        "lacks": [LACKS.row(row) for row in found.lacks],
        "remarks": [*found.remarks, *map(in_a_line, found.failed)],
    }


def _tried(found: _Found, part: Callable[[], None]) -> None:
    """Find a part; what a user can mend is told, and ends no other part."""
    try:
        part()
    except ScreenerError as error:
        found.failed.append(error.bare())


# ---- cards ---------------------------------------------------------------------------------------


def _cards(workspace: Workspace, found: _Found) -> tuple[Broken, ...]:
    reports = list_reports(workspace)
    notes = [(report, note) for report in reports for note in report.notes]
    keys = {_note_key(report, note) for report, note in notes}
    broken = {item.name for item in reports.broken}
    # A card that cannot be read for a while is not new when it can be again.
    kept = {key for key in found.before.notes if key.split(" ", 1)[0] in broken}
    found.keys["notes"] = frozenset(keys | kept)
    found.rows["cards"] = [
        _card(report, note)
        for report, note in notes
        if found.before.is_new("notes", _note_key(report, note), _known_day(note))
    ]
    return reports.broken


def _known_day(note: Note) -> date | None:
    """Return the day of a note, `None` where nobody knows it."""
    return note.published.day if note.published.known else None


def _note_key(report: Report, note: Note) -> str:
    return f"{report.id} {note.id}"


def _card(report: Report, note: Note) -> Row:
    kind = "repost" if note.repeats else ("reiteration" if note.reiterates else "new")
    return {
        "report": report.id,
        "note": note.id,
        "title": note.title or report.title,
        "broker": note.broker,
        "published": note.published.text(),
        "precision": str(note.published.precision),
        "kind": kind,
        "earlier": note.repeats or note.reiterates,
        "n_recommended": report.n_recommended,
    }


# ---- windows and calls ---------------------------------------------------------------------------


def _windows(
    workspace: Workspace,
    store: Store,
    found: _Found,
    program_version: str,
    options: BacktestOptions,
    jobs: int,
) -> None:
    groups = basket_events(workspace)
    try:
        asked = request_of(groups, options.settings())
        requests = variant_requests(asked, options.variants())[:1]
        (run,) = run_variants(store, requests, program_version=program_version, jobs=jobs)
    except NoTradableConstituents:
        found.keys["windows"] = frozenset()
        return
    mature = [
        (_window_key(result.window.event, result.window.horizon, result.capital), row)
        for result, row in zip(run.results, result_rows(run), strict=True)
        if result.status is WindowStatus.MATURE
    ]
    found.run = run
    found.keys["windows"] = frozenset(key for key, _ in mature)
    new = [row for key, row in mature if found.before.is_new("windows", key, _ended(row))]
    found.remarks += run.remarks if new else ()
    found.rows["matured"] = [
        MATURED.row(row) for row in sorted(new, key=lambda row: str(_ended(row)), reverse=True)
    ]


def _ended(row: Mapping[str, object]) -> date | None:
    day = row["exit_session"]
    return day if isinstance(day, date) else None


def _window_key(event: Event, horizon: int, capital: float | None) -> str:
    published = event.published.text()
    return f"{event.basket} {event.report} {published} {horizon} {capital or 0:g}"


def _calls(workspace: Workspace, store: Store, found: _Found) -> None:
    try:
        run = run_score(workspace, store, ScoreRequest())
    except InputError:  # there is no call
        found.keys["calls"] = frozenset()
        return
    ended = [row for row in call_rows(run) if row["status"] in _ENDED]
    found.keys["calls"] = frozenset(_call_key(row) for row in ended)
    found.rows["judged"] = [
        JUDGED.row(row)
        for row in ended
        if found.before.is_new("calls", _call_key(row), _day(row["end_session"]))
    ]


def _call_key(row: Mapping[str, object]) -> str:
    return f"{row['source']} {row['call']} {row['published']}"


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


# ---- corrections ---------------------------------------------------------------------------------


def _old_version(store: Store, before: Look) -> int | None:
    """Return the data version to compare with; `None` if none is kept of that time."""
    if before.since is None:
        return before.data_version
    start = datetime.combine(before.since, time(), SHANGHAI)
    earlier = [item.id for item in commits(store) if item.committed_at < start]
    return max(earlier, default=None)


def _changes(workspace: Workspace, old: int | None, found: _Found, program_version: str) -> None:
    new = found.version
    if old is None or new is None or old == new:
        return
    more = () if found.run is None else (_unstored(found.run),)
    try:
        with diff_versions(
            workspace, old, new, program_version=program_version, more=more, kinds=_CORRECTED
        ) as compared:
            rows = run_diff_rows(compared)
            failures = compared.runs.failures
    except InputError as error:  # the old version is no longer kept
        found.remarks.append(say("Corrections since then are not known: {why}.", why=error.what))
        return
    found.rows["changed"] = list(_corrections(rows))
    if failures:
        found.remarks.append(
            say_count(
                "{n} stored run could not be evaluated again: `screener data diff {old} {new}`.",
                "{n} stored runs could not be evaluated again: `screener data diff {old} {new}`.",
                len(failures),
                old=old,
                new=new,
            )
        )


def _unstored(run: BacktestRun) -> StoredRun:
    """Return the backtest of this look as a stored one: so that it is compared, too."""
    return StoredRun(run_id=run.run_id, data_version=run.data_version, document=run_document(run))


def _corrections(rows: Iterable[Row]) -> Iterator[Row]:
    """Give the values that were known and differ, of windows that did not just go on."""
    windows: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("run_id", "basket", "report", "horizon", "capital"))
        windows.setdefault(key, []).append(row)
    for group in windows.values():
        columns = {str(row["column"]): row for row in group}
        ended_before = "status" not in columns or columns["status"]["old"] == "mature"
        went_on = _PROGRESS in columns and "status" not in columns
        if ended_before and not went_on:
            yield from (row for row in group if row["old"] is not None)


# ---- saved screens -------------------------------------------------------------------------------


def _screens(workspace: Workspace, store: Store, found: _Found, now: datetime) -> None:
    """Ask the workspace's own screens again; what was known of one that fails is kept."""
    rows: list[Row] = []
    keys: set[str] = set()
    for name in own_screens(workspace):
        try:
            one = screened(
                workspace, store, name, found.before, today=now.astimezone(SHANGHAI).date()
            )
        except ScreenerError as error:
            found.failed.append(error.bare())
            keys |= {key for key in found.before.screens if key.startswith(f"{name} ")}
        else:
            rows += one.rows
            keys |= one.keys
    found.rows["screened"] = rows
    found.keys["screens"] = frozenset(keys)


# ---- what is stale, missing or broken ------------------------------------------------------------


def _lacks(workspace: Workspace, found: _Found, now: datetime, cards: Sequence[Broken]) -> None:
    status = read_status(workspace, now=now)
    broken = {(item.kind, item.name): item for item in (*basket_events(workspace).broken, *cards)}
    keyed = [*_stale(status), *_missing(status), *map(_broken, broken.values())]
    found.keys["lacks"] = frozenset(key for key, _ in keyed)
    known = found.before.lacks
    in_span = found.before.since is not None  # a day says nothing of what was stale then
    found.rows["lacks"] = [
        {**row, "is_new": not in_span and key not in known} for key, row in keyed
    ]


_Lack = tuple[str, dict[str, object]]
"""What is kept of a lack, the same in every language, and its row."""


def _stale(status: Status) -> Iterator[_Lack]:
    if status.simulated:
        return
    for item in status.freshness:
        if item.behind:
            row: dict[str, object] = {
                "what": say("{market} {table}", market=named(item.market), table=named(item.table)),
                "state": "stale",
                "detail": say_count(
                    "ends {last}, {n} session behind",
                    "ends {last}, {n} sessions behind",
                    item.behind,
                    last=item.last,
                ),
                "command": "screener data update",
            }
            yield f"stale {item.market} {item.table}", row


def _missing(status: Status) -> Iterator[_Lack]:
    short = status.short_names()
    every = ",".join(item.listing for item in short)
    for item in short:
        what = f"{item.listing} {item.name}".strip()
        row: dict[str, object] = {
            "what": what,
            "state": "missing",
            "detail": item.reason,
            "command": f"screener data update --listing {every}",
        }
        yield f"missing {what}", row


def _broken(item: Broken) -> _Lack:
    row: dict[str, object] = {
        "what": say("{kind} {name}", kind=named(item.kind), name=item.name),
        "state": "broken",
        "detail": item.error.what,
        "command": item.error.fix or item.error.where,
    }
    return f"broken {item.kind} {item.name}", row
