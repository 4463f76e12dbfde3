"""A study as a page for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import RenderableType

from screener.data.lake.schema import SIMULATED
from screener.render.study import GroupBlock, PartLine, StudyPage, UnitLine, study_view
from screener.render.tables import percent
from screener.study.evaluating import Evaluation, PartResult
from screener.study.parametric import CONFIDENCE
from screener.study.results import Statistic, TestResult
from screener.study.units import State, Unit, UnitKind
from screener.study.windows import Part
from screener.workflows.study.run import ALL, StudyGroup, StudyRun

__all__ = ["study_page"]

_FEW_UNITS, _FEW_DATES = 10, 5
_NAMES_TOLD = 6
_SHORT = {
    Statistic.CROSS_SECTION: "t",
    Statistic.PATELL: "Patell",
    Statistic.BMP: "BMP",
    Statistic.KOLARI_PYNNONEN: "Kolari-P.",
    Statistic.RANK: "rank",
    Statistic.SIGN: "sign",
    Statistic.BOOTSTRAP: "bootstrap",
    Statistic.CALENDAR_TIME: "cal. time",
}
_SHOWN = (Part.RUN_UP, Part.DAY, Part.DRIFT, Part.READER)


def study_page(run: StudyRun) -> RenderableType:
    """Return a study as a page."""
    settings = run.request.settings
    parts = settings.windows.parts()
    shown = [at for at, part in enumerate(parts) if part.part in _SHOWN]
    row_of = {int(at): row for row, at in enumerate(run.units.kept)}
    return study_view(
        StudyPage(
            banner=f" {SIMULATED}: invented prices " if run.simulated else "",
            header=_header(run),
            statistics=tuple(_SHORT[statistic] for statistic in Statistic),
            groups=tuple(_group(run, group) for group in run.groups),
            parts=tuple(str(parts[at].part) for at in shown),
            units=tuple(
                _unit_line(run, unit, row_of.get(at), shown)
                for at, unit in enumerate(run.units.every)
            ),
            notes=tuple(_left_out(run)),
            conventions=tuple((_SHORT[item], item.brief) for item in Statistic),
            footer=f"returns in %, in CNY · intervals of {100 * CONFIDENCE:.0f} %, widened by r · "
            f"seed {settings.seed} · data version {run.data_version} · run {run.run_id}",
        )
    )


def _header(run: StudyRun) -> tuple[str, ...]:
    settings = run.request.settings
    windows = settings.windows
    explained = " + ".join(run.benchmarks) or run.request.table.split(" ")[0]
    kind = "baskets, names in equal parts" if run.request.unit is UnitKind.BASKET else "listings"
    return (
        f"model {settings.model}: {settings.model.meaning}"
        + (f" ({explained})" if explained else ""),
        f"learned in {windows.estimation[0]}..{windows.estimation[1]} (at least {windows.needed} "
        f"returns), judged in {windows.event[0]}..{windows.event[1]}; 0 is the entry",
        f"observations: {kind} · errors by the {settings.convention} convention",
    )


def _group(run: StudyRun, group: StudyGroup) -> GroupBlock:
    evaluation = group.evaluation
    units = [run.units.every[at] for at in group.units]
    path = [day.cumulative for day in evaluation.days if day.cumulative is not None]
    return GroupBlock(
        title=group.name,
        counts=_counts(units),
        lines=tuple(_line(group, part) for part in evaluation.parts),
        path=tuple(path),
        path_from=run.request.settings.windows.event[0],
        reversal=_reversal(evaluation),
        notes=tuple(_warnings(group)),
    )


def _counts(units: list[Unit]) -> str:
    told = [f"{sum(unit.state is state for unit in units)} {state}" for state in State]
    return f"{len(units)} {'event' if len(units) == 1 else 'events'}: {', '.join(told)}"


def _line(group: StudyGroup, part: PartResult) -> PartLine:
    window = part.window
    key = (str(window.part), Statistic.KOLARI_PYNNONEN)
    return PartLine(
        part=str(window.part),
        sessions=f"{window.first}..{window.last}",
        n=part.n,
        n_dates=part.n_dates,
        mean=part.mean,
        low=part.low,
        high=part.high,
        bhar=part.bhar,
        positive=part.positive,
        correlation=part.correlation,
        tests=tuple((test.value, test.p) for test in part.tests),
        adjusted=(group.holm[key], group.benjamini_hochberg[key]),
    )


def _reversal(evaluation: Evaluation) -> str:
    found = evaluation.reversal
    if not found.n or found.taken_back is None:
        return "reversal: no event has finished run-up, day and drift"
    share = percent(abs(found.taken_back), digits=0)
    verb = "took back" if found.taken_back > 0 else "went on by"
    chance = "" if found.test.p is None else f", p {found.test.p:.3f}"
    return (
        f"reversal: the drift {verb} {share} of run-up and day, against them in "
        f"{found.n_against} of {found.n} events{chance}"
    )


def _warnings(group: StudyGroup) -> Iterator[str]:
    """Tell what keeps the numbers from meaning much."""
    parts = group.evaluation.parts
    few = [item for item in parts if item.n < _FEW_UNITS or item.n_dates < _FEW_DATES]
    if few:
        names = ", ".join(str(item.window.part) for item in few)
        yield (
            f"too few to say much ({_FEW_UNITS} events and {_FEW_DATES} dates are little): {names}"
        )
    unfinished = {item.n_unfinished for item in parts if item.n_unfinished}
    if unfinished:
        yield (
            f"{max(unfinished)} of {group.evaluation.n} events have parts to finish; each counts "
            "in those that it has finished"
        )
    for note, names in _silent(parts).items() if group.name == ALL else ():
        yield f"no answer of {names}: {note}"
    trials = group.trials[Statistic.KOLARI_PYNNONEN]
    yield f"Holm and Benjamini-Hochberg (B-H) over {trials} questions of the same test"


def _silent(parts: tuple[PartResult, ...]) -> dict[str, str]:
    """Return why tests have no answer, with the tests and parts concerned."""
    found: dict[str, dict[str, list[str]]] = {}
    for part in parts:
        for test in part.tests:
            if test.p is None:
                tests = found.setdefault(test.note, {})
                tests.setdefault(_name(test), []).append(str(part.window.part))
    told = {}
    for note, tests in found.items():
        by_parts: dict[tuple[str, ...], list[str]] = {}
        for name, where in tests.items():
            by_parts.setdefault(tuple(where), []).append(name)
        told[note] = "; ".join(
            f"{', '.join(names)} ({', '.join(where)})" for where, names in by_parts.items()
        )
    return told


def _name(test: TestResult) -> str:
    return _SHORT[test.statistic]


def _unit_line(run: StudyRun, unit: Unit, row: int | None, shown: list[int]) -> UnitLine:
    event = run.request.events[unit.event]
    alone = run.request.unit is UnitKind.LISTING
    values = [math.nan] * len(shown) if row is None else run.units.abnormal.car[row, shown]
    return UnitLine(
        basket=event.basket,
        report=event.report,
        listing=run.panel.listings[unit.legs[0].column].id if alone else "",
        entry=unit.entry,
        status=str(unit.state),
        kept=f"{unit.n_kept}/{len(unit.legs)}",
        returns=tuple(None if math.isnan(value) else float(value) for value in values),
    )


def _left_out(run: StudyRun) -> Iterator[str]:
    """Tell which names are left out, once for each event and reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for unit in run.units.every:
        event = run.request.events[unit.event]
        whose = f"{event.basket} {event.report}".strip()
        for leg in unit.legs:
            reason = leg.reason or unit.reason
            if reason:
                name = run.panel.listings[leg.column].id
                found.setdefault((whose, reason), []).append(name)
    for (whose, reason), names in found.items():
        some = ", ".join(names) if len(names) <= _NAMES_TOLD else f"{len(names)} names"
        yield f"left out of {whose}: {some}: {reason}"
