"""Study results as rows: one per test, per session, per unit, and per name; stored documents."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

from screener.results.study import UNITS
from screener.results.tables import Table
from screener.study.evaluating import DayResult, PartResult
from screener.study.legs import LegReturns
from screener.study.results import Statistic, TestResult
from screener.study.units import Observation, UnitKind
from screener.study.windows import Part
from screener.workflows.study.run import StudyGroup, StudyRun

__all__ = [
    "day_rows",
    "name_rows",
    "reversal_rows",
    "study_document",
    "test_rows",
    "unit_rows",
    "unit_table",
]

_MEASURES = ("car", "scar", "bhar")
_BANDS = ("band_low", "band_high")


def test_rows(run: StudyRun) -> list[dict[str, object]]:
    """Return one row per group, part of the window and statistic."""
    return [
        _test_row(run, group, part, test)
        for group in run.groups
        for part in group.evaluation.parts
        for test in part.tests
    ]


def _test_row(
    run: StudyRun, group: StudyGroup, part: PartResult, test: TestResult
) -> dict[str, object]:
    name = str(part.window.part)
    settings = run.request.settings
    key = (name, test.statistic)
    low, high = run.band(group, part.window) or (None, None)
    return {
        "group": group.name,
        "part": name,
        "first_session": part.window.first,
        "last_session": part.window.last,
        "statistic": str(test.statistic),
        "n_units": len(group.units),
        "n_dropped": len(group.units) - group.evaluation.n,
        "n_unfinished": part.n_unfinished,
        "n_untraded": part.n_untraded,
        "n": test.n,
        "n_dates": part.n_dates,
        "mean_car": part.mean,
        "median_car": part.median,
        "mean_bhar": part.bhar,
        "n_positive": part.positive,
        "correlation": part.correlation,
        "value": test.value,
        "p": test.p,
        "p_holm": group.holm[key],
        "p_benjamini_hochberg": group.benjamini_hochberg[key],
        "n_trials": group.trials[test.statistic],
        "estimate": test.estimate,
        "estimate_of": test.statistic.estimates,
        "low": test.low,
        "high": test.high,
        "note": test.note,
        "unit": str(run.request.unit),
        "model": str(settings.model),
        "convention": str(settings.convention),
        "method": test.statistic.convention,
        "seed": settings.seed,
        "data_version": run.data_version,
        "run_id": run.run_id,
        "band_low": low,
        "band_high": high,
        "winsor": settings.winsor,
        "n_winsorised": part.n_winsorised,
    }


def day_rows(run: StudyRun) -> list[dict[str, object]]:
    """Return one row per group and session of the event window."""
    return [_day_row(run, group, day) for group in run.groups for day in group.evaluation.days]


def _day_row(run: StudyRun, group: StudyGroup, day: DayResult) -> dict[str, object]:
    row: dict[str, object] = {
        "group": group.name,
        "session": day.day,
        "n": day.n,
        "mean_ar": day.mean,
        "caar": day.cumulative,
        "run_id": run.run_id,
    }
    short = {
        Statistic.CROSS_SECTION: "t",
        Statistic.PATELL: "patell",
        Statistic.BMP: "bmp",
        Statistic.KOLARI_PYNNONEN: "kolari_pynnonen",
    }
    for test in day.tests:
        row[f"{short[test.statistic]}_value"] = test.value
        row[f"{short[test.statistic]}_p"] = test.p
    return row


def unit_table(run: StudyRun) -> Table:
    """Return one row per unit, dropped ones included, with a column for each part there is."""
    absent = set(Part) - {item.part for item in run.request.settings.windows.parts()}
    lacking = {f"{kind}_{part.column}" for part in absent for kind in (*_MEASURES, *_BANDS)}
    spec = UNITS.selected(set(UNITS.names) - lacking)
    return Table(spec=spec, rows=[spec.row(row) for row in unit_rows(run)])


def unit_rows(run: StudyRun) -> list[dict[str, object]]:
    """Return one row per unit, dropped ones included; a unit without numbers has none."""
    row_of = {int(at): row for row, at in enumerate(run.units.kept)}
    return [
        {
            **_unit_row(run, at, unit),
            **_measures(run, row_of.get(at)),
            "run_id": run.run_id,
            **_unit_bands(run, at),
        }
        for at, unit in enumerate(run.units.every)
    ]


def _unit_row(run: StudyRun, at: int, unit: Observation) -> dict[str, object]:
    event = run.request.events[unit.event]
    alone = run.request.unit is UnitKind.LISTING
    return {
        "unit": at + 1,
        "basket": event.basket,
        "report": event.report,
        "listing": run.panel.listings[unit.legs[0].column].id if alone else "",
        "published": event.published.text(),
        "precision": str(event.published.precision),
        "entry_session": unit.entry,
        "status": str(unit.state),
        "reason": unit.reason,
        "n_named": len(unit.legs),
        "n_kept": unit.n_kept,
    }


def _measures(run: StudyRun, row: int | None) -> dict[str, object]:
    """Return the numbers of a kept unit; none where it has none."""
    if row is None or not run.units.abnormal.fitted[row]:
        return {}
    abnormal = run.units.abnormal
    found: dict[str, object] = {
        "observations": int(abnormal.observations[row]),
        "constant": float(abnormal.coefficients[row, 0]),
        "slope": _defined(abnormal.coefficients[row, 1])
        if abnormal.coefficients.shape[1] == 2
        else None,
        "sigma": float(abnormal.sigma[row]),
    }
    for at, part in enumerate(run.request.settings.windows.parts()):
        for kind in _MEASURES:
            found[f"{kind}_{part.part.column}"] = _defined(getattr(abnormal, kind)[row, at])
    return found


def _unit_bands(run: StudyRun, unit: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for at, part in enumerate(run.request.settings.windows.parts()):
        band = run.bands.of_unit(unit, at) or (None, None)
        found |= {f"{end}_{part.part.column}": x for end, x in zip(_BANDS, band, strict=True)}
    return found


def _defined(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def name_rows(run: StudyRun) -> list[dict[str, object]]:
    """Return one row per name of every event: kept or dropped, and why."""
    found = []
    for unit in run.units.every:
        names = {member.listing: member.name for member in run.request.events[unit.event].members}
        for leg in unit.legs:
            listing = run.panel.listings[leg.column]
            found.append(
                {
                    "basket": run.request.events[unit.event].basket,
                    "report": run.request.events[unit.event].report,
                    "listing": listing.id,
                    "name": names[listing],
                    "entry_session": leg.entry,
                    "status": _status(unit, leg),
                    "reason": leg.reason or unit.reason,
                    "observations": leg.observations or None,
                    "run_id": run.run_id,
                }
            )
    return found


def _status(unit: Observation, leg: LegReturns) -> str:
    return "dropped" if leg.reason else str(unit.state)


def study_document(run: StudyRun) -> dict[str, object]:
    """Return all that a stored run keeps: its inputs, results and ledger."""
    return {
        "run_id": run.run_id,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "study": json.loads(json.dumps(asdict(run.request), default=str)),
        "tests": test_rows(run),
        "reversals": reversal_rows(run),
        "sessions": day_rows(run),
        "units": unit_rows(run),
        "names": name_rows(run),
        "remarks": list(run.remarks),
    }


def reversal_rows(run: StudyRun) -> list[dict[str, object]]:
    """Return one row per group: whether its drift takes back what came before."""
    return [_reversal(group) for group in run.groups]


def _reversal(group: StudyGroup) -> dict[str, object]:
    found = group.evaluation.reversal
    return {
        "group": group.name,
        "n": found.n,
        "mean_move": found.moved,
        "mean_drift_along": found.drifted,
        "taken_back": found.taken_back,
        "n_against": found.n_against,
        "value": found.test.value,
        "p": found.test.p,
        "low": found.test.low,
        "high": found.test.high,
        "note": found.test.note,
    }
