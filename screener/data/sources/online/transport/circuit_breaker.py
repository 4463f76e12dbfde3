"""Circuit breaker: which hosts may not be asked until when, kept between runs in one small file.

A group of hosts is closed to us (its circuit is open) after a refusal. When the cool-down is over
one request is tried: if it fails, the circuit stays open for twice as long, up to a day; an answer
that could be used forgets everything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from screener.data.sources.online.transport.clock import Clock
from screener.domain.days import SHANGHAI
from screener.files.whole import write_whole
from screener.language import in_english, say
from screener.language.stored import retold

__all__ = ["COOL_DOWN", "LONGEST_COOL_DOWN", "CircuitBreaker", "Notes", "told"]

COOL_DOWN = timedelta(hours=1)
LONGEST_COOL_DOWN = timedelta(hours=24)


@dataclass(slots=True, kw_only=True)
class _Record:
    """What is known of a group; instants are aware, in UTC."""

    failures: int = 0
    opened_at: datetime | None = None
    cool_down_seconds: float = COOL_DOWN.total_seconds()
    reason: str = ""
    day: str = ""
    requests: int = 0
    last_request: datetime | None = None

    @property
    def until(self) -> datetime | None:
        if self.opened_at is None:
            return None
        return self.opened_at + timedelta(seconds=self.cool_down_seconds)


class Notes(Protocol):
    """A text that outlives the run; `OSError` where it cannot be read or written."""

    def read(self) -> str:
        """Return the text; `FileNotFoundError` if there is none yet."""
        ...

    def write(self, text: str) -> None:
        """Keep a text."""
        ...


class _InFile:
    """Notes in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def read(self) -> str:
        return self._path.read_text(encoding="utf-8")

    def write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, text)


class CircuitBreaker:
    """Memory of how each group of hosts behaved.

    Parameters
    ----------
    path
        JSON file, or notes of a lake for many, that keep it between runs; kept in memory only when
        `None`. One that is corrupt or cannot be written never stops a run: `remarks` tells it.
    clock
        Tells the instant; a clock that went back keeps no group closed for longer than its
        cool-down, and opens none early.
    """

    def __init__(self, path: Path | Notes | None, clock: Clock) -> None:
        self.remarks: list[str] = []
        self._path = _InFile(path) if isinstance(path, Path) else path
        self._clock = clock
        self._records = self._load()

    def wait_until(self, group: str) -> datetime | None:
        """Return the instant (UTC) until which a circuit is open, `None` if it may be asked."""
        until = self._record(group).until
        return until if until is not None and until > self._clock.now() else None

    def reason(self, group: str) -> str:
        """Return why a group failed last; empty if it did not."""
        return retold(self._record(group).reason)

    def failures(self, group: str) -> int:
        """Return how often a group failed in a row."""
        return self._record(group).failures

    def requests_today(self, group: str) -> int:
        """Return the requests of this day (UTC+8)."""
        return self._record(group).requests

    def day_ends(self) -> datetime:
        """Return the instant (UTC) at which today's requests are forgotten."""
        today = self._clock.now().astimezone(SHANGHAI)
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight + timedelta(days=1)).astimezone(UTC)

    def last_request(self, group: str) -> datetime | None:
        """Return the instant (UTC) of the last request, never later than now."""
        return self._record(group).last_request

    def asked(self, group: str) -> None:
        """Count a request that is about to leave."""
        record = self._record(group)
        record.requests += 1
        record.last_request = self._clock.now()
        self._save()

    def failed(self, group: str, reason: str, *, opens_after: int) -> None:
        """Count a failure; close the group when it is one too many in a row.

        Parameters
        ----------
        group, reason
            Who failed, and how, in a few words for the user.
        opens_after
            Failures in a row that close the group: 1 for a refusal. After a cool-down the first
            one does it, and the next cool-down is twice as long.
        """
        if self.wait_until(group) is not None:
            return
        record = self._record(group)
        record.failures += 1
        record.reason = in_english(reason)  # it is stored
        if record.opened_at is not None:
            doubled = 2 * record.cool_down_seconds
            record.cool_down_seconds = min(doubled, LONGEST_COOL_DOWN.total_seconds())
            record.opened_at = self._clock.now()
        elif record.failures >= opens_after:
            record.cool_down_seconds = COOL_DOWN.total_seconds()
            record.opened_at = self._clock.now()
        self._save()

    def succeeded(self, group: str) -> None:
        """Forget the failures of a group: it gave an answer that could be used."""
        record = self._record(group)
        if not record.failures and record.opened_at is None:
            return
        record.failures, record.opened_at, record.reason = 0, None, ""
        self._save()

    def describe(self) -> tuple[str, ...]:
        """Return a line for each group whose circuit is open: why, and until when."""
        lines = []
        for group in sorted(self._records):
            until = self.wait_until(group)
            if until is not None:
                what = say("{name}: circuit open until {until}", name=group, until=told(until))
                lines.append(say("{what} ({detail})", what=what, detail=self.reason(group)))
        return tuple(lines)

    def _record(self, group: str) -> _Record:
        """Return a group's record, with what lies in the future drawn back to now."""
        record = self._records.setdefault(group, _Record())
        now = self._clock.now()
        record.opened_at = record.opened_at and min(record.opened_at, now)
        record.last_request = record.last_request and min(record.last_request, now)
        today = now.astimezone(SHANGHAI).date().isoformat()
        if record.day < today:
            record.requests = 0
        record.day = today
        return record

    def _load(self) -> dict[str, _Record]:
        if self._path is None:
            return {}
        try:
            groups = json.loads(self._path.read())["groups"]
            return {str(name): _record_of(table) for name, table in groups.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            what = say(
                "{file} cannot be read ({error}): what it knew of unreachable hosts is lost",
                file=self._path,
                error=error or type(error).__name__,
            )
            self._remark(what)
            return {}

    def _save(self) -> None:
        if self._path is None:
            return
        tables = {name: asdict(record) for name, record in self._records.items()}
        try:
            self._path.write(json.dumps({"groups": tables}, default=_iso, indent=1))
        except OSError as error:
            what = say(
                "{file} cannot be written ({error}): the next run will not know which hosts "
                "refused",
                file=self._path,
                error=error or type(error).__name__,
            )
            self._remark(what)

    def _remark(self, remark: str) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)


def told(instant: datetime) -> str:
    """Return an instant as the user reads it, rounded up to the minute, so that it is not early."""
    late = instant.astimezone(UTC) + timedelta(seconds=59)
    return f"{late:%Y-%m-%d %H:%M} UTC"


def _record_of(table: Mapping[str, Any]) -> _Record:
    seconds = float(table["cool_down_seconds"])
    shortest, longest = COOL_DOWN.total_seconds(), LONGEST_COOL_DOWN.total_seconds()
    if not shortest <= seconds <= longest:
        raise ValueError(f"cool-down of {seconds} s")
    return _Record(
        failures=max(0, int(table["failures"])),
        opened_at=_instant(table["opened_at"]),
        cool_down_seconds=seconds,
        reason=str(table["reason"]),
        day=str(table["day"]),
        requests=max(0, int(table["requests"])),
        last_request=_instant(table["last_request"]),
    )


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return instant.astimezone(UTC)


def _iso(instant: datetime) -> str:
    return instant.isoformat()
