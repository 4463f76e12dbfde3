"""Cards and baskets of a workspace, each of which must be readable."""

from __future__ import annotations

from typing import TypeVar

from screener.domain.basket import Basket
from screener.domain.report import Report
from screener.workspace.baskets import readable_baskets
from screener.workspace.broken import Readable
from screener.workspace.cards.reading import readable_cards
from screener.workspace.locate import Workspace

ItemT = TypeVar("ItemT")


def read_cards(workspace: Workspace) -> tuple[Report, ...]:
    """Read every card, or raise the error of the first that cannot be read."""
    return _strictly(readable_cards(workspace))


def read_baskets(workspace: Workspace) -> tuple[Basket, ...]:
    """Read every basket, or raise the error of the first that cannot be read."""
    return _strictly(readable_baskets(workspace))


def _strictly(found: Readable[ItemT]) -> tuple[ItemT, ...]:
    if found.broken:
        raise found.broken[0].error
    return tuple(found)
