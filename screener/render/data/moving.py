"""A copied lake on the terminal: its tables, each with the rows that both sides hold."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.moving import Moved
from screener.language import say
from screener.language.terms import named
from screener.render.tables import Column, plain_table

__all__ = ["moved_page"]

_SHOWN = 12  # characters of a digest


def moved_page(done: Moved) -> RenderableType:
    """Return what was copied as a page."""
    told = say(
        "Copied {n:,} files, {size:,.1f} MB; {versions:,} versions up to {version}. The rows of "
        "each table are the same on both sides. The lake that was copied stays as it was.",
        n=done.files,
        size=done.size / 1e6,
        versions=done.versions,
        version=done.version,
    )
    return Group(
        plain_table(
            [say("table"), Column(header=say("rows"), numeric=True), say("digest")],
            [[named(item.table), f"{item.rows:,}", item.digest[:_SHOWN]] for item in done.tables],
        ),
        Text(told, style="bold"),
    )
