"""Placebo baskets on the terminal: one block per event, one line per horizon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from screener.language import say
from screener.render import local
from screener.render.backtest.blocks import event_title, held_only
from screener.render.local import word
from screener.render.tables import (
    UNDEFINED,
    Column,
    banner,
    heads,
    number,
    plain_table,
    points,
)
from screener.results.placebo import JOINT, PLACEBOS
from screener.study.placebo.monte_carlo import Placement
from screener.workflows.study.placebo.joint import JointResult, largest_error
from screener.workflows.study.placebo.run import PlaceboResult, PlaceboRun

__all__ = ["placebo_page"]

_P_DIGITS = 3
_PLACED = ("placebo_mean", "placebo_sd", "excess", "quantile", "p_two_sided")


def placebo_page(
    run: PlaceboRun, joint: Sequence[JointResult], titles: Mapping[str, str] | None = None
) -> RenderableType:
    """Return a run as a page: a block per event, then several events together.

    Parameters
    ----------
    run
        The run.
    joint
        Its joint tests to show.
    titles
        What to call a basket instead of its name.
    """
    parts = banner(simulated=run.simulated)
    for _, items in groupby(run.results, key=lambda item: id(item.real.window.event)):
        parts += [*_block(list(items), titles or {}), Text()]
    if joint:
        parts += [_joint(joint, titles or {}), Text()]
    footer = say(
        "{n:,} placebo baskets, seed {seed} · data version {version} · run {run}",
        n=run.request.draws,
        seed=run.request.seed,
        version=run.data_version,
        run=run.run_id,
    )
    return Group(*parts, Text(_legend(run, joint), style="dim"), Text(footer, style="dim"))


def _legend(run: PlaceboRun, joint: Sequence[JointResult]) -> str:
    largest = largest_error(run, joint)
    if not largest:
        return say(
            "returns in %, in CNY; below: share of placebo baskets below it, in %; p two-sided; "
            "dates: the same names on earlier days"
        )
    return say(
        "returns in %, in CNY; below: share of placebo baskets below it, in %; p two-sided, give "
        "or take {error:.3f} at most by the draw; dates: the same names on earlier days",
        error=largest,
    )


def _block(items: Sequence[PlaceboResult], titles: Mapping[str, str]) -> Iterator[RenderableType]:
    yield Text(event_title(items[0].real.window.event, titles), style="bold")
    yield Text(_subtitle(items))
    dates = ("random_dates_mean", "random_dates_p")
    columns = heads(PLACEBOS, "horizon", "status", "paper_return", *_PLACED, *dates)
    yield plain_table(columns, [_cells(item) for item in items])
    for note in _notes(items):
        yield Text(f"  {note}")


def _subtitle(items: Sequence[PlaceboResult]) -> str:
    entry = say("entry {days}", days=items[0].real.entry_session)
    told = next((item.matched for item in items if item.matched), None)
    if told is None:
        return entry
    return say(
        "{entry} · {n} controls of {all:,} stocks, by {traits}",
        entry=entry,
        n=told.n_controls,
        all=told.n_universe,
        traits=local.traits(told.matched_text),
    )


def _notes(items: Sequence[PlaceboResult]) -> tuple[str, ...]:
    found: dict[str, list[int]] = {}
    for item in items:
        for text in item.remarks:
            found.setdefault(local.told(text), []).append(item.real.window.horizon)
    return tuple(
        text if len(horizons) == len(items) else held_only(text, horizons)
        for text, horizons in found.items()
    )


def _cells(item: PlaceboResult) -> list[str]:
    real, held = item.real, word(str(item.real.status))
    if not item.finished and real.window.sessions_held:
        held = f"{held} {real.window.sessions_held}"
    dates = item.dates.placement if item.dates else None
    return [
        str(real.window.horizon),
        held,
        points(real.paper_return, signed=True),
        *_placed(item.placebo.placement if item.placebo else None),
        points(dates.mean if dates else None, signed=True),
        number(dates.p_two_sided if dates else None, digits=_P_DIGITS),
    ]


def _placed(found: Placement | None) -> list[str]:
    if found is None:
        return [UNDEFINED] * len(_PLACED)
    return [
        points(found.mean, signed=True),
        points(found.sd),
        points(found.excess, signed=True),
        number(None if found.quantile is None else found.quantile * 100, digits=1),
        number(found.p_two_sided, digits=_P_DIGITS),
    ]


def _joint(joint: Sequence[JointResult], called: Mapping[str, str]) -> RenderableType:
    columns = [
        *heads(JOINT, "label", "horizon", "n_events", "n_days"),
        Column(header=say("out"), numeric=True),
        *heads(JOINT, "mean_return", *_PLACED),
    ]
    return plain_table(
        columns,
        [
            [
                called.get(item.label) or item.label,
                *(str(n) for n in (item.horizon, item.n_events, item.n_days, item.n_left_out)),
                points(item.mean_return, signed=True),
                *_placed(item.placement),
            ]
            for item in joint
        ],
        title=say("events together (n of them finished; out: not finished, or without placebos)"),
    )
