"""Several events tested together: by basket, by broker, or all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from screener.domain.basket import Event
from screener.study.placebo.monte_carlo import Placement
from screener.study.placebo.placebo import joint_placement
from screener.workflows.study.placebo.run import PlaceboResult, PlaceboRun

__all__ = ["JointResult", "joint_results", "largest_error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JointResult:
    """Several events together at one horizon.

    Parameters
    ----------
    label
        What they have in common, such as a basket or a broker.
    horizon
        Sessions held.
    n_events, n_days
        Finished events with placebo baskets, and on how many entry sessions they began.
    n_unfinished, n_without
        Events that are not finished, and finished ones without placebo baskets; neither counts.
    mean_return
        Mean paper return of the events that count, `None` without any.
    placement
        Where it lies among the means of their placebo baskets.
    """

    label: str
    horizon: int
    n_events: int
    n_days: int
    n_unfinished: int
    n_without: int
    mean_return: float | None
    placement: Placement | None

    @property
    def n_left_out(self) -> int:
        """Events that do not count."""
        return self.n_unfinished + self.n_without


def joint_results(
    run: PlaceboRun, labels_of: Callable[[Event], Iterable[str]] = lambda event: (event.basket,)
) -> tuple[JointResult, ...]:
    """Test several events together, at each horizon.

    Parameters
    ----------
    run
        The run.
    labels_of
        What an event counts towards: its basket, its brokers, a name for all of them.

    Returns
    -------
    tuple
        One result for each label with more than one event and each horizon, in the order of the
        events.
    """
    groups: dict[tuple[str, int], list[PlaceboResult]] = {}
    for item in run.results:
        for label in labels_of(item.real.window.event):
            groups.setdefault((label, item.real.window.horizon), []).append(item)
    return tuple(
        _joint(label, horizon, some) for (label, horizon), some in groups.items() if len(some) > 1
    )


def _joint(label: str, horizon: int, some: Sequence[PlaceboResult]) -> JointResult:
    finished = [item for item in some if item.finished]
    pairs = [
        (item.real, item.placebo, item.real.paper_return)
        for item in finished
        if item.placebo is not None and item.real.paper_return is not None
    ]
    returns = [value for _, _, value in pairs]
    return JointResult(
        label=label,
        horizon=horizon,
        n_events=len(pairs),
        n_days=len({real.entry_session for real, _, _ in pairs}),
        n_unfinished=len(some) - len(finished),
        n_without=len(finished) - len(pairs),
        mean_return=sum(returns) / len(returns) if returns else None,
        placement=joint_placement(returns, [item for _, item, _ in pairs]) if pairs else None,
    )


def largest_error(run: PlaceboRun, joint: Sequence[JointResult]) -> float:
    """Return the largest Monte Carlo error of any p of a run and its joint tests; 0 for none."""
    alone = [item.placebo.placement for item in run.results if item.placebo is not None]
    together = [item.placement for item in joint if item.placement is not None]
    return max((item.p_error or 0.0 for item in (*alone, *together)), default=0.0)
