"""One writer at a time: a lock on a table, which the server gives back when its holder is gone.

A lock can be lost in mid-commit, when the server drops the connection that holds it. Nothing is
torn or done twice by that: of two commits upon one version the second fails on the version's
number, and its merge is done again.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from screener.data.lake import lake
from screener.data.lake.shared.tables import LOCK, UPDATE_LOCK, asked, told
from screener.errors import StorageBusy
from screener.files.clean import clean_line
from screener.files.place import Place
from screener.language import say

__all__ = ["is_holding", "shared_lock", "shared_update_lock"]

_TIMED_OUT = "lock timeout"
_NOT_AVAILABLE = "could not obtain lock"
# A holder whose machine is gone is noticed within a minute; one that works for long is left alone.
_BEGIN = """
    SET LOCAL tcp_keepalives_idle = 30; SET LOCAL tcp_keepalives_interval = 10;
    SET LOCAL tcp_keepalives_count = 3; SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL lock_timeout = {milliseconds}; LOCK TABLE {table} IN EXCLUSIVE MODE{now}
"""
_HOLDER = """
    SELECT usename || ', ' || coalesce(nullif(application_name, ''), 'process ' || pid)
    FROM pg_stat_activity WHERE pid IN (
        SELECT pid FROM pg_locks
        WHERE granted AND mode = 'ExclusiveLock' AND relation = to_regclass('{table}')
    )
"""
_HELD: Counter[Place] = Counter()


def is_holding(place: Place) -> bool:
    """Tell whether this process holds the lock of writers."""
    return _HELD[place] > 0


@contextmanager
def shared_lock(
    place: Place, connection: lake.Connection, *, silent: float, longest: float
) -> Iterator[None]:
    """Hold the lock of writers of a lake for many.

    Parameters
    ----------
    place
        Where the lake is.
    connection
        Connection to it.
    silent, longest
        Seconds to wait without a word, and at all.

    Raises
    ------
    StorageBusy
        If another holds it for too long.
    """
    end = time.monotonic() + longest
    with connection.cursor() as holding, lake.storage_errors(place):
        if not _taken(holding, LOCK, min(silent, longest)):
            sys.stderr.write(
                say("waiting for {holder}, which is writing", holder=_holder(holding, LOCK)) + "\n"
            )
            sys.stderr.flush()
            if not _taken(holding, LOCK, max(0.001, end - time.monotonic())):
                raise StorageBusy(
                    say(
                        "{holder} has been writing for over {seconds:.0f} s",
                        holder=_holder(holding, LOCK),
                        seconds=longest,
                    ),
                    where=str(place),
                    fix=say("wait until it ends, or end it, then type the command again"),
                )
        _HELD[place] += 1
        try:
            yield
        finally:
            _HELD[place] -= 1
            _given_back(holding)


@contextmanager
def shared_update_lock(place: Place) -> Iterator[None]:
    """Hold the lock of updates of a lake for many, on a connection of its own.

    Raises
    ------
    StorageBusy
        If another desk is updating the lake.
    """
    with lake.connect(place, create=True) as holding, lake.storage_errors(place):
        if not _taken(holding, UPDATE_LOCK, None):
            raise StorageBusy(
                say(
                    "another update of this data is running: {holder}",
                    holder=_holder(holding, UPDATE_LOCK),
                ),
                where=str(place),
                fix=say("wait until it ends; it keeps what it has done"),
            )
        try:
            yield
        finally:
            _given_back(holding)


def _taken(holding: lake.Connection, table: str, seconds: float | None) -> bool:
    """Take a lock within some seconds, or at once; tell whether that was done."""
    milliseconds = 0 if seconds is None else max(1, int(1000 * seconds))
    now = " NOWAIT" if seconds is None else ""
    holding.execute("BEGIN")
    try:
        told(holding, _BEGIN.format(milliseconds=milliseconds, table=table, now=now))
    except lake.Error as error:
        _given_back(holding)
        if any(word in str(error) for word in (_TIMED_OUT, _NOT_AVAILABLE)):
            return False
        raise
    return True


def _given_back(holding: lake.Connection) -> None:
    with suppress(lake.Error):  # the server may have ended it meanwhile
        holding.execute("ROLLBACK")


def _holder(holding: lake.Connection, table: str) -> str:
    with suppress(lake.Error):
        for (name,) in asked(holding, _HOLDER.format(table=table)):
            return clean_line(str(name))
    return say("another process")
