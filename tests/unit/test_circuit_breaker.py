"""Which circuits are open, for how long, and that no file can break it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from screener.data.sources.online.transport.circuit_breaker import (
    COOL_DOWN,
    LONGEST_COOL_DOWN,
    CircuitBreaker,
    told,
)
from tests.support.wire_clock import START, FakeClock


def refuse(breaker: CircuitBreaker, group: str = "g") -> None:
    breaker.failed(group, "a.example refused the request", opens_after=1)


def test_a_refusal_closes_a_group_for_an_hour() -> None:
    time = FakeClock()
    breaker = CircuitBreaker(None, time.clock)
    assert breaker.wait_until("g") is None
    refuse(breaker)
    assert breaker.wait_until("g") == START + timedelta(hours=1)
    assert breaker.wait_until("other") is None
    time.advance(hours=1)
    assert breaker.wait_until("g") is None


def test_softer_failures_close_it_when_they_come_in_a_row() -> None:
    breaker = CircuitBreaker(None, FakeClock().clock)
    for _ in range(2):
        breaker.failed("g", "timed out", opens_after=3)
    breaker.succeeded("g")
    assert breaker.failures("g") == 0
    for _ in range(2):
        breaker.failed("g", "timed out", opens_after=3)
        assert breaker.wait_until("g") is None
    breaker.failed("g", "timed out", opens_after=3)
    assert breaker.wait_until("g") is not None


def test_each_failed_trial_doubles_the_cool_down_up_to_a_day() -> None:
    time = FakeClock()
    breaker = CircuitBreaker(None, time.clock)
    hours = []
    for _ in range(7):
        breaker.failed("g", "timed out", opens_after=1 if not hours else 3)
        until = breaker.wait_until("g")
        assert until is not None
        hours.append((until - time.instant) / timedelta(hours=1))
        time.instant = until
    assert hours == [1, 2, 4, 8, 16, 24, 24]
    breaker.succeeded("g")
    refuse(breaker)
    assert breaker.wait_until("g") == time.instant + COOL_DOWN


def test_a_failure_while_the_circuit_is_open_changes_nothing() -> None:
    time = FakeClock()
    breaker = CircuitBreaker(None, time.clock)
    refuse(breaker)
    time.advance(minutes=5)
    refuse(breaker)
    assert breaker.wait_until("g") == START + COOL_DOWN


def test_the_next_run_remembers(tmp_path: Path) -> None:
    path, time = tmp_path / "new" / "hosts.json", FakeClock()
    first = CircuitBreaker(path, time.clock)
    first.asked("g")
    refuse(first)
    second = CircuitBreaker(path, time.clock)
    assert second.wait_until("g") == START + COOL_DOWN
    assert second.requests_today("g") == 1
    assert second.last_request("g") == START
    assert second.describe() == (
        "g: circuit open until 2026-05-27 02:00 UTC (a.example refused the request)",
    )
    time.advance(hours=1)
    refuse(second)
    assert CircuitBreaker(path, time.clock).wait_until("g") == START + timedelta(hours=3)
    assert [item.name for item in path.parent.iterdir()] == ["hosts.json"]


@pytest.mark.parametrize("back", [timedelta(minutes=30), timedelta(days=400)])
def test_a_clock_that_went_back_neither_forgets_nor_waits_for_ever(
    tmp_path: Path, back: timedelta
) -> None:
    path, time = tmp_path / "hosts.json", FakeClock()
    before = CircuitBreaker(path, time.clock)
    before.asked("g")
    refuse(before)
    time.instant -= back
    after = CircuitBreaker(path, time.clock)
    assert after.wait_until("g") == time.instant + COOL_DOWN
    assert after.last_request("g") == time.instant
    assert after.requests_today("g") == 1
    time.advance(hours=1)
    assert after.wait_until("g") is None


def test_requests_are_counted_by_the_day_of_the_vendors() -> None:
    time = FakeClock()  # 09:00 in China
    breaker = CircuitBreaker(None, time.clock)
    breaker.asked("g")
    breaker.asked("g")
    assert breaker.requests_today("g") == 2
    assert breaker.day_ends() == START + timedelta(hours=15)
    time.instant = breaker.day_ends() - timedelta(seconds=1)
    assert breaker.requests_today("g") == 2
    time.advance(seconds=1)
    assert breaker.requests_today("g") == 0


GOOD = {
    "failures": 1,
    "opened_at": START.isoformat(),
    "cool_down_seconds": 3600.0,
    "reason": "x",
    "day": "2026-05-27",
    "requests": 1,
    "last_request": None,
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"groups": 3}',
        '{"groups": {"g": null}}',
        '{"groups": {"g": {}}}',
        json.dumps({"groups": {"g": GOOD | {"cool_down_seconds": 1e12}}}),
        json.dumps({"groups": {"g": GOOD | {"cool_down_seconds": float("nan")}}}),
        json.dumps({"groups": {"g": GOOD | {"opened_at": "2026-05-27T01:00:00"}}}),
        json.dumps({"groups": {"g": GOOD | {"opened_at": 12}}}),
        json.dumps({"groups": {"g": GOOD | {"failures": float("inf")}}}),
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_corrupt_file_is_told_and_written_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hosts.json"
    path.write_bytes(text.encode("latin-1"))
    breaker = CircuitBreaker(path, FakeClock().clock)
    assert len(breaker.remarks) == 1
    assert str(path) in breaker.remarks[0]
    refuse(breaker)
    again = CircuitBreaker(path, FakeClock().clock)
    assert again.remarks == []
    assert again.wait_until("g") is not None


def test_a_far_future_in_the_file_is_drawn_back(tmp_path: Path) -> None:
    path = tmp_path / "hosts.json"
    late = GOOD | {"opened_at": "9999-12-31T23:59:59+00:00", "cool_down_seconds": 86400}
    path.write_text(json.dumps({"groups": {"g": late}}))
    breaker = CircuitBreaker(path, FakeClock().clock)
    assert breaker.wait_until("g") == START + LONGEST_COOL_DOWN


def test_a_file_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    breaker = CircuitBreaker(tmp_path / "file" / "hosts.json", FakeClock().clock)
    breaker.asked("g")
    refuse(breaker)
    assert breaker.wait_until("g") is not None
    assert len([remark for remark in breaker.remarks if "written" in remark]) == 1


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    breaker = CircuitBreaker(tmp_path, FakeClock().clock)
    refuse(breaker)
    assert [word for word in ("read", "written") if word in " ".join(breaker.remarks)]
    assert breaker.wait_until("g") is not None


def test_instants_are_told_rounded_up() -> None:
    assert told(START) == "2026-05-27 01:00 UTC"
    assert told(START + timedelta(seconds=1)) == "2026-05-27 01:01 UTC"
