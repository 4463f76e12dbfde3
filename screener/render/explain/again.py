"""Whether an explained row came out again."""

from __future__ import annotations

from collections.abc import Sequence

from screener.language import say, say_all
from screener.workflows.explain.rows import Difference

__all__ = ["again_told"]


def again_told(found: Sequence[Difference]) -> str:
    """Say whether every value of an explained row came out again, else which did not."""
    if not found:
        return say("every value of the row comes out again")
    differences = say_all(
        "; ",
        [
            say("{column} was {old}, is {new}", column=item.column, old=item.told, new=item.now)
            for item in found
        ],
    )
    return say("no: {differences}", differences=differences)
