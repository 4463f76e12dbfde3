"""A clock that moves only when somebody sleeps, and a wire on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker
from screener.data.sources.online.transport.client import OnlineWire
from screener.data.sources.online.transport.clock import Clock

START = datetime(2026, 5, 27, 1, 0, tzinfo=UTC)


@dataclass
class FakeClock:
    instant: datetime = START
    slept: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.instant, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.instant += timedelta(seconds=seconds)

    def advance(self, **parts: float) -> None:
        self.instant += timedelta(**parts)


def make_wire(
    time: FakeClock, *, path: Path | None = None, seed: int = 1
) -> tuple[OnlineWire, CircuitBreaker]:
    breaker = CircuitBreaker(path, time.clock)
    return OnlineWire(time.clock, breaker, Random(seed)), breaker
