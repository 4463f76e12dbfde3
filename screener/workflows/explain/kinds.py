"""Kinds of stored runs: how each is evaluated again, and which rows it gives.

Every kind is read from its document alone. A score reads the cards and definitions of the
workspace as they are now; a study with a table of the user's own cannot be evaluated without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screener.data.lake.store import Store
from screener.domain.days import parse_day
from screener.domain.listing import Kind as ListingKind
from screener.domain.listing import Listing, parse_listing
from screener.errors import InputError
from screener.language import say
from screener.market.benchmarks import default_benchmark
from screener.results.tables import Row
from screener.workflows.backtest.requests import NO_BENCHMARK, BacktestRequest
from screener.workflows.backtest.rows import result_rows
from screener.workflows.backtest.run import run_events
from screener.workflows.follow.rows import curve_rows, event_rows, followed_orders, measure_row
from screener.workflows.follow.run import FollowRequest, follow
from screener.workflows.score.rows import call_rows, score_rows
from screener.workflows.score.run import ScoreRequest, run_score
from screener.workflows.screen.requests import screen_request
from screener.workflows.screen.run import ScreenRequest, run_screen
from screener.workflows.screen.table import screen_table
from screener.workflows.study.calibration import (
    CalibrationRequest,
    calibrate,
    calibration_rows,
)
from screener.workflows.study.placebo.rows import control_rows, placebo_rows
from screener.workflows.study.placebo.run import PlaceboRequest, run_placebos
from screener.workflows.study.rows import day_rows, name_rows, test_rows, unit_rows
from screener.workflows.study.run import StudyRequest, run_study
from screener.workspace.locate import Workspace
from screener.workspace.runs import StoredRun, rebuilt

__all__ = ["ALL_KINDS", "KINDS", "RunKind", "RunRows", "backtest_request", "kind_of"]

RunRows = Mapping[str, Sequence[Row]]
"""Rows of each table of a run, by the table's name; those of `RunKind.keys` are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKind:
    """One kind of stored runs.

    Parameters
    ----------
    name
        What it is called in files.
    document
        Key of the request in its document.
    keys
        Columns that tell one row of a table from the others, by table; the main table first.
    request
        Builds the request again from what the document keeps of it.
    evaluate
        Evaluates a request: the run itself, and its rows by table.
    reads
        Listings whose rows it reads; `None` for all of the tables.
    """

    name: str
    document: str
    keys: Mapping[str, tuple[str, ...]]
    request: Callable[[Workspace, object, str], Any]
    evaluate: Callable[[Workspace, Store, Any, str], tuple[Any, RunRows]]
    reads: Callable[[Any], frozenset[Listing] | None]

    @property
    def main(self) -> str:
        """Its main table."""
        return next(iter(self.keys))


def kind_of(run: StoredRun) -> RunKind:
    """Return the kind of a stored run.

    Raises
    ------
    InputError
        If it is of none that can be evaluated again.
    """
    for kind in KINDS:
        if kind.document in run.document:
            return kind
    raise InputError(
        say("it keeps no request that can be evaluated again"),
        where=say("stored run {run}", run=run.run_id),
        fix=say("type the command that made it again"),
    )


def backtest_request(kept: object, where: str) -> BacktestRequest:
    """Build the request of a backtest again, that of an earlier version too."""
    if isinstance(kept, dict) and isinstance(kept.get("settings"), dict):
        settings = dict(kept["settings"])
        if "capital" in settings and "capitals" not in settings:  # knew one amount of money only
            settings["capitals"] = [settings.pop("capital")]
        kept = {**kept, "settings": settings}
    return rebuilt(BacktestRequest, kept, where=where)


def _backtest(_: Workspace, store: Store, request: BacktestRequest, version: str) -> Any:
    run = run_events(store, request, program_version=version)
    return run, {"results": result_rows(run)}


def _study_request(_: Workspace, kept: object, where: str) -> StudyRequest:
    if isinstance(kept, dict) and isinstance(kept.get("peers"), bool):
        kept = {**kept, "peers": "industry" if kept["peers"] else ""}  # knew industries only
    request = rebuilt(StudyRequest, kept, where=where)
    if request.table and not request.peers:
        raise InputError(
            say("it used the table {table}, which is not stored", table=request.table),
            where=where,
            fix=say("type the command that made it again"),
        )
    return request


def _study(_: Workspace, store: Store, request: StudyRequest, version: str) -> Any:
    run = run_study(store, request, program_version=version)
    return run, {
        "tests": test_rows(run),
        "units": unit_rows(run),
        "sessions": day_rows(run),
        "names": name_rows(run),
    }


def _calibration_request(_: Workspace, kept: object, where: str) -> CalibrationRequest:
    return rebuilt(CalibrationRequest, kept, where=where)


def _calibration(_: Workspace, store: Store, request: CalibrationRequest, version: str) -> Any:
    studied = run_study(store, request.study, program_version=version)
    run = calibrate(
        store,
        studied,
        draws=request.draws,
        planted=request.planted,
        program_version=version,
    )
    return run, {"rejections": calibration_rows(run)}


def _placebo_request(_: Workspace, kept: object, where: str) -> PlaceboRequest:
    return rebuilt(PlaceboRequest, kept, where=where)


def _placebo(_: Workspace, store: Store, request: PlaceboRequest, version: str) -> Any:
    run = run_placebos(store, request, program_version=version)
    return run, {"placebos": placebo_rows(run), "controls": control_rows(run)}


def _follow_request(_: Workspace, kept: object, where: str) -> FollowRequest:
    return rebuilt(FollowRequest, kept, where=where)


def _follow(_: Workspace, store: Store, request: FollowRequest, version: str) -> Any:
    run = follow(store, request, program_version=version)
    return run, {
        "events": event_rows(run),
        "orders": followed_orders(run),
        "curve": curve_rows(run),
        "measures": [measure_row(run)],
    }


def _score_request(_: Workspace, kept: object, where: str) -> ScoreRequest:
    return rebuilt(ScoreRequest, kept, where=where)


def _score(place: Workspace, store: Store, request: ScoreRequest, version: str) -> Any:
    run = run_score(place, store, request, program_version=version)
    return run, {"scores": score_rows(run), "calls": list(call_rows(run))}


def _screen_request(place: Workspace, kept: object, where: str) -> ScreenRequest:
    asked = dict(kept) if isinstance(kept, dict) else {}
    try:
        day = parse_day(asked.pop("as_of"), parameter="as_of")
        return screen_request(place, as_of=day, **asked)[0]
    except (KeyError, TypeError) as error:
        raise InputError(
            say("{lost} has no meaning here", lost=str(error)),
            where=where,
            fix=say("type the command that made it again"),
        ) from error


def _screen(_: Workspace, store: Store, request: ScreenRequest, version: str) -> Any:
    result = run_screen(store, request, program_version=version)
    return result, {"rows": screen_table(result).rows}


def _indices(events: Any, asked_benchmark: str) -> frozenset[Listing]:
    """Return the names of some events, and the indices that they are held against."""
    found: set[Listing] = set()
    for event in events:
        names = [member.listing for member in event.members]
        found.update(names)
        asked = asked_benchmark or event.benchmark
        if asked == NO_BENCHMARK:
            continue
        if asked:
            found.add(parse_listing(asked, parameter="benchmark", kind=ListingKind.INDEX))
        else:
            found.update(map(default_benchmark, names))
    return frozenset(found)


def _of_events(request: Any) -> frozenset[Listing] | None:
    return _indices(request.events, request.benchmark)


def _of_study(request: StudyRequest) -> frozenset[Listing] | None:
    return None if request.peers else _of_events(request)


def _everything(_: object) -> None:
    return None


_RESULT = ("basket", "report", "horizon", "capital")
KINDS = (
    RunKind(
        name="backtest",
        document="request",
        keys={"results": _RESULT},
        request=lambda _, kept, where: backtest_request(kept, where),
        evaluate=_backtest,
        reads=_of_events,
    ),
    RunKind(
        name="study",
        document="study",
        keys={"tests": ("group", "part", "statistic"), "units": ("basket", "report", "listing")},
        request=_study_request,
        evaluate=_study,
        reads=_of_study,
    ),
    RunKind(
        name="calibration",
        document="calibration",
        keys={"rejections": ("part", "statistic", "planted")},
        request=_calibration_request,
        evaluate=_calibration,
        reads=_everything,
    ),
    RunKind(
        name="placebo",
        document="placebo",
        keys={"placebos": ("basket", "report", "horizon")},
        request=_placebo_request,
        evaluate=_placebo,
        reads=_everything,
    ),
    RunKind(
        name="follow",
        document="follow",
        keys={"events": ("basket", "report", "entry_session")},
        request=_follow_request,
        evaluate=_follow,
        reads=_of_events,
    ),
    RunKind(
        name="score",
        document="score",
        keys={
            "scores": ("scope", "broker", "analyst", "theme", "rating"),
            "calls": ("call", "source"),
        },
        request=_score_request,
        evaluate=_score,
        reads=_everything,
    ),
    RunKind(
        name="screen",
        document="screen",
        keys={"rows": ("listing",)},
        request=_screen_request,
        evaluate=_screen,
        reads=_everything,
    ),
)
ALL_KINDS = tuple(kind.name for kind in KINDS)
