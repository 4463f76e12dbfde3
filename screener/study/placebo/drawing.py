"""Placebo baskets: every name replaced by one of its controls, none of them twice.

The control of a name in a draw is that of its controls whose id has the least hash with the
name's random key of that draw. So every control is equally likely, and a choice depends on the
name, the number of the draw and the seed alone: not on other names or events, nor on how many
controls, draws or workers there are. Two reports that name the same stock have it replaced by the
same one, as far as its controls are the same, so that a mean over reports varies as much as the
real one.

For p-values a name may also stay, as likely as each of its controls takes its place. The real
basket is then one of those that can be drawn, which makes the test exact where a name and its
controls are alike: with k controls and no name staying, placebo baskets would vary less about
their mean than the real one, by a share of about 2 / k of the variance.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import Places
from screener.errors import ComputeError
from screener.language import say

__all__ = ["BLOCK", "all_baskets", "draw_baskets", "possible_baskets"]

Keys = npt.NDArray[np.uint64]

BLOCK = 1_000
"""Draws whose random keys come from one stream."""
_TAKEN = np.uint64(2**64 - 1)


def draw_baskets(
    names: Sequence[str],
    controls: Sequence[Places],
    ids: Sequence[str],
    *,
    seed: int,
    block: int,
    count: int = BLOCK,
) -> Places:
    """Draw the placebo baskets of one block.

    Parameters
    ----------
    names
        Id of each name that is replaced.
    controls
        Places of the controls of each, at least as many as there are names.
    ids
        Id of every column.
    seed
        Seed of the run.
    block
        Number of the block; its draws are those from `block * BLOCK` on.
    count
        Draws wanted, at most `BLOCK`: the first ones.

    Returns
    -------
    numpy.ndarray
        `(count, n_names)` columns, no column twice in a row.

    Raises
    ------
    ComputeError
        If a name has fewer controls than there are names.
    """
    _check(names, controls)
    drawn = np.full((count, len(names)), -1, dtype=np.intp)
    done: list[int] = []
    for at in sorted(range(len(names)), key=lambda item: names[item]):  # whatever their order
        own = controls[at]
        hashes = np.array([_hash(ids[column]) for column in own], dtype=np.uint64)
        ranks = _mixed(_keys(names[at], seed, block)[:count, np.newaxis] ^ hashes)
        for earlier in done:
            ranks[own == drawn[:, earlier, np.newaxis]] = _TAKEN
        drawn[:, at] = own[np.argmin(ranks, axis=1)]
        done.append(at)
    return drawn


def possible_baskets(controls: Sequence[Places]) -> int:
    """Return how many ways there are to replace the names, a control taken twice included."""
    return math.prod(len(own) for own in controls)


def all_baskets(controls: Sequence[Places]) -> Places:
    """Return every placebo basket in which no control comes twice, `(n_baskets, n_names)`."""
    every = np.array(list(product(*(own.tolist() for own in controls))), dtype=np.intp)
    ordered = np.sort(every, axis=1)
    kept: Places = every[(np.diff(ordered, axis=1) > 0).all(axis=1)]
    return kept


def _check(names: Sequence[str], controls: Sequence[Places]) -> None:
    for name, own in zip(names, controls, strict=True):
        if len(own) < len(names):
            raise ComputeError(
                say(
                    "{name} has {n} controls; a basket of {names} names needs as many, so that "
                    "none is drawn twice",
                    name=name,
                    n=len(own),
                    names=len(names),
                ),
                fix=say("give more controls"),
            )


def _keys(name: str, seed: int, block: int) -> Keys:
    """Return a name's random keys of the draws of a block, `(BLOCK,)`."""
    sequence = np.random.SeedSequence(seed, spawn_key=(_hash(name), block))
    return np.random.default_rng(sequence).integers(0, 2**64, BLOCK, dtype=np.uint64)


@cache
def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _mixed(values: Keys) -> Keys:
    """Return a hash of each value: the finalizer of SplitMix64 (Steele et al., OOPSLA 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Keys = values ^ (values >> np.uint64(31))
    return mixed
