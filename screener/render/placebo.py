"""Placebo baskets on the terminal: one block per event, one line per horizon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.schema import SIMULATED
from screener.render.tables import UNDEFINED, Column, number, plain_table, points
from screener.study.placebo.monte_carlo import Placement
from screener.workflows.study.placebo import PlaceboResult, PlaceboRun
from screener.workflows.study.placebo_joint import JointResult, joint_results

__all__ = ["Comparison", "JointLine", "PlaceboBlock", "PlaceboLine", "placebo_page", "placebo_view"]

_P_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A return among those of placebo baskets; fractions, `None` where undefined."""

    mean: float
    sd: float | None
    excess: float
    quantile: float | None
    p_two_sided: float | None
    p_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboLine:
    """One horizon of an event; `compared` is `None` without placebo baskets."""

    horizon: int
    status: str
    sessions_held: int
    paper_return: float | None
    compared: Comparison | None
    dates_mean: float | None
    dates_p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboBlock:
    """One event: its title, its facts, its horizons, and what to know about it."""

    title: str
    subtitle: str
    lines: tuple[PlaceboLine, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JointLine:
    """Several events together at one horizon."""

    label: str
    horizon: int
    n_events: int
    n_days: int
    n_left_out: int
    mean_return: float | None
    compared: Comparison | None


def placebo_view(
    blocks: Sequence[PlaceboBlock], joint: Sequence[JointLine], *, banner: str, footer: str
) -> RenderableType:
    """Return the blocks and the joint tests as one page.

    Parameters
    ----------
    blocks, joint
        What to show.
    banner, footer
        Lines above and below; an empty banner is left out.
    """
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    for block in blocks:
        parts.extend(_block(block))
        parts.append(Text())
    if joint:
        parts.extend((_joint(joint), Text()))
    return Group(*parts, Text(_legend(blocks, joint), style="dim"), Text(footer, style="dim"))


def _legend(blocks: Sequence[PlaceboBlock], joint: Sequence[JointLine]) -> str:
    every = [line.compared for block in blocks for line in block.lines]
    every += [line.compared for line in joint]
    errors = [item.p_error for item in every if item is not None and item.p_error]
    error = f", give or take {max(errors):.3f} at most by the draw" if errors else ""
    return (
        "returns in %, in CNY; below: share of placebo baskets below it, in %; p two-sided"
        f"{error}; dates: the same names on earlier days"
    )


def _block(block: PlaceboBlock) -> Iterator[RenderableType]:
    yield Text(block.title, style="bold")
    yield Text(block.subtitle)
    columns = [Column(header="hold", numeric=True), Column(header="status")]
    names = ("paper", "placebo", "sd", "excess", "below", "p", "dates", "p")
    columns += [Column(header=name, numeric=True) for name in names]
    yield plain_table(columns, [_cells(line) for line in block.lines])
    for note in block.notes:
        yield Text(f"  {note}")


def _cells(line: PlaceboLine) -> list[str]:
    held = line.status
    if line.status != "mature" and line.sessions_held:
        held = f"{line.status} {line.sessions_held}"
    return [
        str(line.horizon),
        held,
        points(line.paper_return, signed=True),
        *_compared(line.compared),
        points(line.dates_mean, signed=True),
        number(line.dates_p, digits=_P_DIGITS),
    ]


def _compared(found: Comparison | None) -> list[str]:
    if found is None:
        return [UNDEFINED] * 5
    return [
        points(found.mean, signed=True),
        points(found.sd),
        points(found.excess, signed=True),
        number(None if found.quantile is None else found.quantile * 100, digits=1),
        number(found.p_two_sided, digits=_P_DIGITS),
    ]


def _joint(lines: Sequence[JointLine]) -> RenderableType:
    columns = [
        Column(header="together"),
        *(Column(header=name, numeric=True) for name in ("hold", "n", "days", "out")),
        *(Column(header=name, numeric=True) for name in ("mean", "placebo", "sd", "excess")),
        *(Column(header=name, numeric=True) for name in ("below", "p")),
    ]
    return plain_table(
        columns,
        [
            [
                line.label,
                *(str(n) for n in (line.horizon, line.n_events, line.n_days, line.n_left_out)),
                points(line.mean_return, signed=True),
                *_compared(line.compared),
            ]
            for line in lines
        ],
        title="events together (n of them finished; out: not finished, or without placebos)",
    )


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
        _drawn_block(list(items))
        for _, items in groupby(run.results, key=lambda item: id(item.real.window.event))
    ]
    shown = joint_results(run) if joint is None else joint
    footer = (
        f"{run.request.draws:,} placebo baskets, seed {run.request.seed}"
        f" · data version {run.data_version} · run {run.run_id}"
    )
    banner = f" {SIMULATED}: invented prices " if run.simulated else ""
    return placebo_view(blocks, [_joint_line(item) for item in shown], banner=banner, footer=footer)


def _drawn_block(items: list[PlaceboResult]) -> PlaceboBlock:
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
        lines=tuple(_drawn_line(item) for item in items),
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


def _drawn_line(item: PlaceboResult) -> PlaceboLine:
    real, dates = item.real, item.dates
    return PlaceboLine(
        horizon=real.window.horizon,
        status=str(real.status),
        sessions_held=real.window.sessions_held,
        paper_return=real.paper_return,
        compared=_comparison(item.placebo.placement if item.placebo else None),
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
        compared=_comparison(item.placement),
    )


def _comparison(placement: Placement | None) -> Comparison | None:
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
