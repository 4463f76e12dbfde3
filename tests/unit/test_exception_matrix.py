"""Through akshare's own code: whatever a host does, the wire raises the right `SourceError`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import requests

from screener.data.sources.online.transport.protocol import Call
from screener.data.sources.online.transport.rate_limit import group_of
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty, SourceError
from tests.support.each import of_each
from tests.support.transport import Router, Sent, offline
from tests.support.wire_clock import FakeClock, make_wire
from tests.support.wire_replies import CASES, NO_ROWS, NOTHING, WEB_PAGE, Case, dropped

REFUSED = {
    "drop": dropped(),
    "403": (403, WEB_PAGE),
    "456": (456, ""),
    "429": (429, "{}"),
    "web page": WEB_PAGE,
}
FAILED = {
    "time-out": requests.exceptions.ReadTimeout("read timed out"),
    "connect time-out": requests.exceptions.ConnectTimeout("connect timed out"),
    "502": (502, WEB_PAGE),
    "empty": "",
}
TOUCHY = ("eastmoney_quotes", "eastmoney_lists")
WITHOUT_ROWS = {"null": NOTHING, "no rows": NO_ROWS}


@pytest.fixture(autouse=True)
def _forget_currencies() -> Iterator[None]:
    from akshare.currency import currency_china_bank_sina as boc

    boc._currency_boc_sina_map.cache_clear()
    yield
    boc._currency_boc_sina_map.cache_clear()


def cut(reply: Any) -> Any:
    if callable(reply):
        return lambda sent: cut(reply(sent))
    whole = json.dumps(reply, ensure_ascii=False) if isinstance(reply, dict) else reply
    return whole[: len(whole) * 6 // 10]


class Attempt:
    """One failing call, and what is left after it."""

    def __init__(self, case: Case, bad: Any, *, due: bool) -> None:
        self.case, self.time, self.router = case, FakeClock(), Router()
        for fragment, reply in case.replies.items():
            self.router.add(fragment, reply)
        self.router.add(case.failing, bad)
        self.wire, self.breaker = make_wire(self.time)
        with offline(self.router), pytest.raises(SourceError) as caught:
            self.wire.akshare(case.call, due=due)
        self.error = caught.value

    @property
    def sent(self) -> list[Sent]:
        return [item for item in self.router.sent if self.case.failing in item.url]

    def is_told(self) -> None:
        host = self.sent[-1].host
        assert host in self.error.what
        assert host in self.error.where
        assert self.case.call.function in self.error.where
        assert self.error.fix
        assert all(item.timeout for item in self.router.sent)

    def stays_away(self) -> None:
        """No request leaves for the group while its circuit is open."""
        until = self.breaker.wait_until(self.case.group)
        assert until is not None
        assert f"circuit open until {until:%Y-%m-%d}" in self.breaker.describe()[0]
        assert self.wire.wait_until([]) is None
        assert self.wire.wait_until([self.sent[-1].host]) is not None
        before = len(self.router.sent)
        with offline(self.router), pytest.raises(SourceBlocked, match=": circuit open until"):
            self.wire.akshare(
                Call(function=self.case.call.function, arguments=self.case.call.arguments), due=True
            )
        later = [group_of(item.host).name for item in self.router.sent[before:]]
        assert self.case.group not in later


@pytest.mark.parametrize("case", CASES, ids=str)
def test_good_replies_pass(case: Case) -> None:
    router, time = Router(), FakeClock()
    for fragment, reply in case.replies.items():
        router.add(fragment, reply)
    wire, breaker = make_wire(time)
    with offline(router):
        frame = wire.akshare(case.call, due=True)
    assert len(frame) > 0
    assert all(item.timeout for item in router.sent)
    assert breaker.describe() == ()
    assert sum(wire.requests_made.values()) == len(router.sent)


@of_each([*product(CASES, REFUSED, [True, False])])
def test_refusals_block_and_the_circuit_opens(what: tuple[Case, str, bool]) -> None:
    case, failure, due = what
    attempt = Attempt(case, REFUSED[failure], due=due)
    attempt.is_told()
    assert len(attempt.sent) == 1
    if failure == "web page" and case.name == "currency_boc_sina":
        # Its replies are web pages; one of another shape says neither "none" nor "refused".
        assert type(attempt.error) is SourceChanged
        assert attempt.breaker.failures("sina") == 1
        return
    assert type(attempt.error) is SourceBlocked
    assert attempt.error.fix.startswith("wait until 2026-05-27 02:0")
    attempt.stays_away()


@of_each([*product(CASES, FAILED, [True, False])])
def test_failures_block_and_are_counted(what: tuple[Case, str, bool]) -> None:
    case, failure, due = what
    attempt = Attempt(case, FAILED[failure], due=due)
    attempt.is_told()
    assert type(attempt.error) is SourceBlocked
    touchy = case.group in TOUCHY
    again = failure != "empty" and not touchy
    assert len(attempt.sent) == (2 if again else 1)
    assert attempt.breaker.failures(case.group) == 1
    assert (attempt.breaker.wait_until(case.group) is not None) == touchy
    if touchy:
        attempt.stays_away()


@pytest.mark.parametrize("due", [True, False])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_truncated_replies_are_never_an_answer(case: Case, due: bool) -> None:
    attempt = Attempt(case, cut(case.good), due=due)
    attempt.is_told()
    assert type(attempt.error) is SourceBlocked
    assert len(attempt.sent) == 1
    assert attempt.breaker.failures(case.group) == 1


@of_each([*product(CASES, WITHOUT_ROWS)])
def test_no_rows_where_they_are_due_hide_a_refusal(what: tuple[Case, str]) -> None:
    case, failure = what
    attempt = Attempt(case, WITHOUT_ROWS[failure], due=True)
    attempt.is_told()
    # The first returns a frame without columns; the second asks for JSON and finds none.
    blocked = {"stock_zh_a_hist", "stock_zh_a_daily, shares"}
    assert type(attempt.error) is (SourceBlocked if case.name in blocked else SourceChanged)
    assert "refusal" in attempt.error.what or "cannot be read" in attempt.error.what
    assert attempt.breaker.failures(case.group) == 1
    if case.group in TOUCHY:
        attempt.stays_away()


@of_each([*product(CASES, WITHOUT_ROWS)])
def test_no_rows_where_none_are_due_are_none(what: tuple[Case, str]) -> None:
    case, failure = what
    attempt = Attempt(case, WITHOUT_ROWS[failure], due=False)
    attempt.is_told()
    if case.name == "stock_zh_a_daily, shares":
        assert type(attempt.error) is SourceBlocked
        return
    assert type(attempt.error) is SourceEmpty
    assert attempt.breaker.failures(case.group) == 0


@pytest.mark.parametrize("due", [True, False])
@pytest.mark.parametrize("case", [case for case in CASES if case.changed is not None], ids=str)
def test_changed_columns_are_a_change_even_where_nothing_is_due(case: Case, due: bool) -> None:
    attempt = Attempt(case, case.changed, due=due)
    attempt.is_told()
    assert type(attempt.error) is SourceChanged
    assert "upstream_tables" in attempt.error.fix


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_missing_page_is_none_or_a_change_but_no_failure_of_the_host(case: Case) -> None:
    assert type(Attempt(case, (404, WEB_PAGE), due=False).error) is SourceEmpty
    attempt = Attempt(case, (404, WEB_PAGE), due=True)
    attempt.is_told()
    assert type(attempt.error) is SourceChanged
    assert attempt.breaker.failures(case.group) == 0
