"""Names for people, of securities that no report card names, and of which day industries are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from screener.data.lake.asof import AsOf
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import Event
from screener.errors import DataError, StorageError
from screener.language import say
from screener.workflows.screen.listed import SecurityNames
from screener.workspace.locate import Workspace

__all__ = ["industry_remark", "named_by_tables"]


def named_by_tables(workspace: Workspace, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return events whose nameless members bear the name that the tables know for that day.

    To be shown alone: a name decides nothing, so that tables which are missing or cannot be read
    leave the members as they are.
    """
    with suppress(DataError, StorageError), Store.open(workspace.lake) as store:
        return tuple(_named(store, event) for event in events)
    return tuple(events)


def _named(store: Store, event: Event) -> Event:
    names = SecurityNames.read(AsOf.after_close(store, event.published.day), {})
    members = (
        member if member.name else replace(member, name=names.shown(member.listing.id))
        for member in event.members
    )
    return replace(event, members=tuple(members))


def industry_remark(store: Store) -> str:
    """Say of which day the industries are."""
    if store.read(TableName.INDUSTRIES, columns=("listing",)).num_rows:
        return say(
            "Industries are those of each session where the tables date them, else today's are "
            "taken."
        )
    return say("Industries bear no date in the tables: today's are taken for every session.")
