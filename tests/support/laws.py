"""How many examples a law is held to: few and the same in the suite, many and new in the soak."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.support.soaking import SOAK, share

__all__ = ["laws"]

_SHARE = 3
_LEAST = 3
_FULL = 10


def laws(examples: int, *, unchecked: tuple[HealthCheck, ...] = ()) -> settings:
    """Return the settings of a law.

    Parameters
    ----------
    examples
        How many the soak draws, by the seed of the day, and with FULL=1 ten times as many. The
        suite takes a third of them, the same ones each time.
    unchecked
        Checks of the law's own health that do not fit it.
    """
    if SOAK:
        many = share(examples, _FULL * examples)
        return settings(max_examples=many, suppress_health_check=unchecked)
    few = max(min(_LEAST, examples), examples // _SHARE)
    return settings(max_examples=few, suppress_health_check=unchecked)
