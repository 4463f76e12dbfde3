"""Placebo results as rows, and as a page for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import RenderableType

from screener.data.lake.schema import SIMULATED
from screener.render.placebo import Comparison, JointLine, PlaceboBlock, PlaceboLine, placebo_view
from screener.study.placebo.monte_carlo import Placement
from screener.workflows.study.placebo import PlaceboResult, PlaceboRun
from screener.workflows.study.placebo_joint import JointResult, joint_results

__all__ = [
    "CONTROL_COLUMNS",
    "JOINT_COLUMNS",
    "PLACEBO_COLUMNS",
    "control_rows",
    "joint_rows",
    "placebo_page",
    "placebo_rows",
]

PLACEBO_COLUMNS = (
    "basket",
    "report",
    "entry_session",
    "horizon",
    "status",
    "matched_on",
    "n_universe",
    "n_controls",
    "draws",
    "seed",
    "paper_return",
    "placebo_mean",
    "placebo_sd",
    "excess",
    "quantile",
    "p_two_sided",
    "p_greater",
    "p_error",
    "matched_excess",
    "active_return",
    "placebo_active_mean",
    "n_dates",
    "random_dates_mean",
    "random_dates_p",
    "random_dates_active_mean",
    "random_dates_active_p",
    "remarks",
    "data_version",
    "run_id",
)
"""`excess`, `quantile` and p are the same for the active return: its index is the same for all."""

JOINT_COLUMNS = (
    "label",
    "horizon",
    "n_events",
    "n_days",
    "n_unfinished",
    "n_without",
    "draws",
    "seed",
    "mean_return",
    "placebo_mean",
    "placebo_sd",
    "excess",
    "quantile",
    "p_two_sided",
    "p_greater",
    "p_error",
    "data_version",
    "run_id",
)


CONTROL_COLUMNS = ("basket", "report", "horizon", "listing", "rank", "control", "run_id")


def placebo_rows(run: PlaceboRun) -> list[dict[str, object]]:
    """Return one row per event and horizon with the columns of `PLACEBO_COLUMNS`.

    Returns are fractions; what is not defined is `None`, never 0.
    """
    return [_row(run, item) for item in run.results]


def joint_rows(run: PlaceboRun, joint: Sequence[JointResult]) -> list[dict[str, object]]:
    """Return one row per joint test with the columns of `JOINT_COLUMNS`."""
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
    """Return one row per name and control with the columns of `CONTROL_COLUMNS`, nearest first.

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


def placebo_page(run: PlaceboRun, joint: Sequence[JointResult] | None = None) -> RenderableType:
    """Return a run as a page: a block per event, then the events of each basket together.

    Parameters
    ----------
    run
        The run.
    joint
        Joint tests to show; those by basket when `None`.
    """
    blocks = [
        _block(list(items))
        for _, items in groupby(run.results, key=lambda item: id(item.real.window.event))
    ]
    shown = joint_results(run) if joint is None else joint
    footer = (
        f"{run.request.draws:,} placebo baskets, seed {run.request.seed}"
        f" · data version {run.data_version} · run {run.run_id}"
    )
    banner = f" {SIMULATED}: invented prices " if run.simulated else ""
    return placebo_view(blocks, [_joint_line(item) for item in shown], banner=banner, footer=footer)


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
        "remarks": "; ".join(item.remarks),
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


def _block(items: list[PlaceboResult]) -> PlaceboBlock:
    event = items[0].real.window.event
    told = next((item.matched for item in items if item.matched), None)
    subtitle = f"entry {items[0].real.entry_session}"
    if told is not None:
        subtitle += (
            f" · {told.n_controls} controls of {told.n_universe:,} stocks, by {told.matched_text}"
        )
    return PlaceboBlock(
        title=" · ".join(part for part in (event.basket, event.report) if part),
        subtitle=subtitle,
        lines=tuple(_line(item) for item in items),
        notes=_notes(items),
    )


def _notes(items: Sequence[PlaceboResult]) -> tuple[str, ...]:
    found: dict[str, list[int]] = {}
    for item in items:
        for text in item.remarks:
            found.setdefault(text, []).append(item.real.window.horizon)
    return tuple(
        text if len(horizons) == len(items) else f"{text} (hold {', '.join(map(str, horizons))})"
        for text, horizons in found.items()
    )


def _line(item: PlaceboResult) -> PlaceboLine:
    real, dates = item.real, item.dates
    return PlaceboLine(
        horizon=real.window.horizon,
        status=str(real.status),
        sessions_held=real.window.sessions_held,
        paper_return=real.paper_return,
        compared=_compared(item.placebo.placement if item.placebo else None),
        dates_mean=dates.placement.mean if dates else None,
        dates_p=dates.placement.p_two_sided if dates else None,
    )


def _joint_line(item: JointResult) -> JointLine:
    return JointLine(
        label=item.label,
        horizon=item.horizon,
        n_events=item.n_events,
        n_days=item.n_days,
        n_left_out=item.n_unfinished + item.n_without,
        mean_return=item.mean_return,
        compared=_compared(item.placement),
    )


def _compared(placement: Placement | None) -> Comparison | None:
    if placement is None:
        return None
    return Comparison(
        mean=placement.mean,
        sd=placement.sd,
        excess=placement.excess,
        quantile=placement.quantile,
        p_two_sided=placement.p_two_sided,
        p_error=placement.p_error,
    )
