"""Placebo results as rows: events, several of them together, and the controls of each name."""

from __future__ import annotations

from collections.abc import Sequence

from screener.language.lists import clauses
from screener.study.placebo.monte_carlo import Placement
from screener.workflows.study.placebo.joint import JointResult, joint_results
from screener.workflows.study.placebo.run import PlaceboResult, PlaceboRun
from screener.workspace.plain import plain_of

__all__ = ["control_rows", "joint_rows", "placebo_document", "placebo_rows"]


def placebo_rows(run: PlaceboRun) -> list[dict[str, object]]:
    """Return one row per event and horizon with the columns of `PLACEBOS`.

    Returns are fractions; what is not defined is `None`, never 0.
    """
    return [_row(run, item) for item in run.results]


def joint_rows(run: PlaceboRun, joint: Sequence[JointResult]) -> list[dict[str, object]]:
    """Return one row per joint test with the columns of `JOINT`."""
    return [
        {
            "label": item.label,
            "horizon": item.horizon,
            "n_events": item.n_events,
            "n_days": item.n_days,
            "n_unfinished": item.n_unfinished,
            "n_without": item.n_without,
            "seed": run.request.seed,
            "mean_return": item.mean_return,
            **_placed(item.placement),
            "data_version": run.data_version,
            "run_id": run.run_id,
        }
        for item in joint
    ]


def control_rows(run: PlaceboRun) -> list[dict[str, object]]:
    """Return one row per name and control with the columns of `CONTROLS`, nearest first.

    A name has the same controls at every horizon for which it was bought on the same day.
    """
    return [
        {
            "basket": item.real.window.event.basket,
            "report": item.real.window.event.report,
            "horizon": item.real.window.horizon,
            "listing": listing,
            "rank": rank,
            "control": control,
            "run_id": run.run_id,
        }
        for item in run.results
        if item.matched is not None
        for listing, controls in zip(item.bought, item.matched.ids, strict=True)
        for rank, control in enumerate(controls, start=1)
    ]


def placebo_document(run: PlaceboRun) -> dict[str, object]:
    """Return all that a stored run keeps: its inputs and results."""
    return {
        "run_id": run.run_id,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "placebo": plain_of(run.request),
        "placebos": placebo_rows(run),
        "joint": joint_rows(run, joint_results(run)),
        "remarks": list(run.remarks),
    }


def _row(run: PlaceboRun, item: PlaceboResult) -> dict[str, object]:
    real, matched, placebo, dates = item.real, item.matched, item.placebo, item.dates
    placed = _placed(placebo.placement if placebo else None)
    return {
        "basket": real.window.event.basket,
        "report": real.window.event.report,
        "entry_session": real.entry_session,
        "horizon": real.window.horizon,
        "status": str(real.status),
        "matched_on": matched.matched_text if matched else "",
        "n_universe": matched.n_universe if matched else None,
        "n_controls": matched.n_controls if matched else None,
        "seed": run.request.seed,
        "paper_return": real.paper_return,
        **placed,
        "matched_excess": _less(real.paper_return, placebo.controls_return if placebo else None),
        "active_return": real.active_return,
        "placebo_active_mean": _less(placed["placebo_mean"], real.benchmark_return),
        "n_dates": dates.placement.draws if dates else None,
        "random_dates_mean": dates.placement.mean if dates else None,
        "random_dates_p": dates.placement.p_two_sided if dates else None,
        "random_dates_active_mean": dates.active.mean if dates and dates.active else None,
        "random_dates_active_p": dates.active.p_two_sided if dates and dates.active else None,
        "remarks": clauses(item.remarks),
        "data_version": run.data_version,
        "run_id": run.run_id,
    }


def _placed(placement: Placement | None) -> dict[str, float | None]:
    if placement is None:
        names = ("draws", "placebo_mean", "placebo_sd", "excess", "quantile")
        return dict.fromkeys((*names, "p_two_sided", "p_greater", "p_error"))
    return {
        "draws": placement.draws,
        "placebo_mean": placement.mean,
        "placebo_sd": placement.sd,
        "excess": placement.excess,
        "quantile": placement.quantile,
        "p_two_sided": placement.p_two_sided,
        "p_greater": placement.p_greater,
        "p_error": placement.p_error,
    }


def _less(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other
