"""Pace, caps, retries and circuits of hosts, at the transport of requests."""

from __future__ import annotations

import errno
import threading
import time as real_time
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import (
    IncompleteRead,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
)

from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.protocol import Page
from screener.data.sources.online.transport.rate_limit import RateLimiter, group_of, polite
from screener.errors import SourceBlocked, SourceChanged, SourceError
from tests.support.laws import laws
from tests.support.transport import Router, offline
from tests.support.wire_clock import START, FakeClock
from tests.support.wire_replies import WEB_PAGE, dropped

QUOTES = "https://33.push2his.eastmoney.com/api"
TABLES = "https://datacenter-web.eastmoney.com/api"
SINA = "https://finance.sina.com.cn/x.js"
PAGE = Page(url="https://example.org/")


def make_limiter(time: FakeClock, *, seed: int = 1) -> RateLimiter:
    return RateLimiter(
        clock=time.clock, breaker=CircuitBreaker(None, time.clock), random=Random(seed)
    )


def get(limiter: RateLimiter, url: str, **options: Any) -> requests.Response:
    with polite(limiter, PAGE):
        return requests.get(url, **options)


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("push2.eastmoney.com", "eastmoney_quotes"),
        ("push2his.eastmoney.com", "eastmoney_quotes"),
        ("81.push2.eastmoney.com", "eastmoney_quotes"),
        ("82.push2.eastmoney.com", "eastmoney_lists"),
        ("33.PUSH2HIS.eastmoney.com", "eastmoney_quotes"),
        ("datacenter-web.eastmoney.com", "eastmoney_tables"),
        ("reportapi.eastmoney.com", "eastmoney_tables"),
        ("finance.sina.com.cn", "sina"),
        ("hq.sinajs.cn", "sina"),
        ("web.ifzq.gtimg.cn", "tencent"),
        ("proxy.finance.qq.com", "tencent"),
        ("webapi.cninfo.com.cn", "cninfo"),
        ("query.sse.com.cn", "sse"),
        ("www.szse.cn", "szse"),
        ("www.bse.cn", "bse"),
        ("gushitong.baidu.com", "baidu"),
        ("www.csindex.com.cn", "csindex"),
        ("www.swsresearch.com", "shenwan"),
        ("eastmoney.com.example.org", "eastmoney.com.example.org"),
    ],
)
def test_hosts_belong_to_groups(host: str, group: str) -> None:
    assert group_of(host).name == group


def test_limits_are_no_laxer_than_asked() -> None:
    quotes = group_of("push2.eastmoney.com")
    assert (quotes.min_seconds, quotes.jitter, quotes.retry) == (15, 1, False)
    assert quotes.daily_cap == 10
    assert group_of("finance.sina.com.cn").min_seconds >= 4
    assert group_of("webapi.cninfo.com.cn").min_seconds >= 4
    assert group_of("nobody.example").connect_seconds == 5
    assert group_of("nobody.example").read_seconds == 20


@given(
    seed=st.integers(0, 2**32),
    steps=st.lists(
        st.tuples(st.sampled_from([SINA, TABLES, "https://x.example/"]), st.floats(0, 30)),
        min_size=2,
        max_size=12,
    ),
)
@laws(60)
def test_requests_to_a_group_keep_their_distance(seed: int, steps: list[tuple[str, float]]) -> None:
    time = FakeClock()
    limiter = make_limiter(time, seed=seed)
    left: dict[str, list[Any]] = {}
    router = Router().add(
        "", lambda sent: left.setdefault(sent.host, []).append(time.instant) or "{}"
    )
    with offline(router):
        for url, pause in steps:
            time.advance(seconds=pause)
            before = time.instant
            get(limiter, url)
            group = group_of(router.sent[-1].host)
            # Never longer than the pace with its whole jitter.
            longest = group.min_seconds * (1 + group.jitter)
            assert (time.instant - before).total_seconds() <= longest + 1e-5
    for host, instants in left.items():
        gaps = [(b - a).total_seconds() for a, b in pairwise(instants)]
        assert all(gap >= group_of(host).min_seconds - 2e-6 for gap in gaps)


def test_the_first_request_does_not_wait_and_groups_do_not_wait_for_each_other() -> None:
    time = FakeClock()
    limiter = make_limiter(time)
    with offline(Router().add("", "{}")):
        get(limiter, SINA)
        get(limiter, TABLES)
    assert time.slept == []


def test_jitter_is_drawn_from_the_generator_that_is_handed_in() -> None:
    waits = []
    for seed in (1, 1, 2):
        time = FakeClock()
        limiter = make_limiter(time, seed=seed)
        with offline(Router().add("", "{}")):
            get(limiter, QUOTES)
            get(limiter, QUOTES)
        waits.append(time.slept)
    assert waits[0] == waits[1] != waits[2]
    assert all(15 <= wait[0] <= 30 for wait in waits)


def test_the_daily_cap_holds_until_midnight_in_china() -> None:
    time = FakeClock()
    limiter = make_limiter(time)
    router = Router().add("", "{}")
    with offline(router):
        for number in range(10):
            get(limiter, f"https://{number}.push2.eastmoney.com/api")
        with pytest.raises(SourceBlocked, match="10 requests a day are used up") as caught:
            get(limiter, QUOTES)
        assert caught.value.fix.startswith("wait until 2026-05-27 16:00 UTC")
        assert len(router.sent) == 10
        get(limiter, TABLES)
        time.instant = START + timedelta(hours=15)
        get(limiter, QUOTES)


def test_time_outs_are_added_where_none_is_given() -> None:
    router = Router().add("", "{}")
    limiter = make_limiter(FakeClock())
    with offline(router):
        get(limiter, SINA)
        get(limiter, SINA, timeout=15)
    assert [item.timeout for item in router.sent] == [(5.0, 20.0), 15]


@pytest.mark.parametrize(
    ("url", "bad", "requests_sent"),
    [
        (SINA, requests.exceptions.ReadTimeout("t"), 2),
        (SINA, requests.exceptions.ConnectTimeout("t"), 2),
        (SINA, (503, "{}"), 2),
        (QUOTES, requests.exceptions.ReadTimeout("t"), 1),
        (QUOTES, (503, "{}"), 1),
        (SINA, dropped(), 1),
        (SINA, (403, "{}"), 1),
        (SINA, (429, "{}"), 1),
        (SINA, (456, "{}"), 1),
        (SINA, "", 1),
        (SINA, WEB_PAGE, 1),
    ],
)
def test_one_more_request_only_where_it_helps(url: str, bad: Any, requests_sent: int) -> None:
    time = FakeClock()
    router = Router().add("", bad)
    with offline(router), pytest.raises(SourceBlocked):
        get(make_limiter(time), url)
    assert len(router.sent) == requests_sent
    assert len(time.slept) == requests_sent - 1


def test_the_second_try_may_succeed() -> None:
    replies = iter([requests.exceptions.ReadTimeout("t"), '{"x": 1}'])

    def answer(_: Any) -> Any:
        reply = next(replies)
        if isinstance(reply, Exception):
            raise reply
        return reply

    limiter = make_limiter(FakeClock())
    with offline(Router().add("", answer)):
        assert get(limiter, SINA).json() == {"x": 1}
    assert limiter.breaker.failures("sina") == 0
    assert limiter.requests_made == {"finance.sina.com.cn": 2}


def test_after_the_cool_down_one_request_is_tried() -> None:
    time = FakeClock()
    limiter = make_limiter(time)
    router = Router().add("", dropped())
    with offline(router):
        for hours in (1, 2, 4):
            with pytest.raises(SourceBlocked, match="dropped the connection"):
                get(limiter, SINA)
            with pytest.raises(SourceBlocked, match=r"circuit open until .*RemoteDisconnected"):
                get(limiter, SINA)
            time.advance(hours=hours)
        assert len(router.sent) == 3
        router.add("", "{}")
        get(limiter, SINA)
        limiter.succeeded(["finance.sina.com.cn"])
    assert limiter.breaker.describe() == ()


def test_a_body_that_breaks_off_is_a_dropped_connection() -> None:
    class Broken:
        status_code = 200

        @property
        def content(self) -> bytes:
            cause = ProtocolError("Connection broken", IncompleteRead(10, 90))
            raise requests.exceptions.ChunkedEncodingError(cause)

    limiter = make_limiter(FakeClock())
    with offline(Router()), polite(limiter, PAGE) as visit, pytest.raises(SourceBlocked):
        limiter.ask(visit, SINA, lambda _: Broken(), proxy="")
    assert limiter.breaker.wait_until("sina") is not None


def test_a_proxy_is_named_without_its_password_and_no_circuit_opens() -> None:
    error = requests.exceptions.ProxyError("Cannot connect to proxy")
    limiter = make_limiter(FakeClock())
    proxies = {"https": "http://user:secret@127.0.0.1:7890"}
    with offline(Router().add("", error)), pytest.raises(SourceBlocked) as caught:
        get(limiter, SINA, proxies=proxies)
    told = str(caught.value)
    assert "http://127.0.0.1:7890" in told
    assert "secret" not in told
    assert "HTTPS_PROXY" in caught.value.fix
    assert limiter.breaker.failures("sina") == 0
    with offline(Router().add("", error)), pytest.raises(SourceBlocked, match="environment"):
        get(limiter, SINA)


def test_a_machine_without_a_network_opens_no_circuit() -> None:
    pool = HTTPSConnectionPool("finance.sina.com.cn")
    connection = HTTPSConnection("finance.sina.com.cn")
    no_name = NameResolutionError("finance.sina.com.cn", connection, OSError("no such name"))  # type: ignore[arg-type]
    no_way = NewConnectionError(connection, "Failed to establish a new connection")
    no_way.__cause__ = OSError(errno.ENETUNREACH, "Network is unreachable")
    for reason in (no_name, no_way):
        error = requests.exceptions.ConnectionError(MaxRetryError(pool, "/x.js", reason))
        limiter = make_limiter(FakeClock())
        with offline(Router().add("", error)), pytest.raises(SourceBlocked) as caught:
            get(limiter, SINA)
        assert "check the network" in caught.value.fix
        assert limiter.breaker.failures("sina") == 0


def test_a_request_that_is_wrong_is_not_the_hosts_failure() -> None:
    limiter = make_limiter(FakeClock())
    with offline(Router().add("", (400, "{}"))), pytest.raises(SourceChanged, match="status 400"):
        get(limiter, SINA)
    assert limiter.breaker.failures("sina") == 0


def test_the_same_address_is_asked_once_in_a_call() -> None:
    router = Router().add("", '{"x": 1}')
    with offline(router), polite(make_limiter(FakeClock()), PAGE):
        assert requests.get(SINA).json() == requests.get(SINA).json()
        requests.get(SINA, params={"page": "2"})
        requests.post(SINA)
        requests.post(SINA)
    assert len(router.sent) == 4


def test_akshares_own_retries_stop_at_once() -> None:
    from akshare.request import make_request_with_retry_json, make_request_with_retry_text
    from akshare.utils.request import request_with_retry

    for retrying in (
        make_request_with_retry_json,
        make_request_with_retry_text,
        request_with_retry,
    ):
        for bad in (dropped(), (403, WEB_PAGE), (500, "{}"), "", WEB_PAGE):
            time, router = FakeClock(), Router().add("", bad)
            limiter = make_limiter(time)
            with offline(router), polite(limiter, PAGE), pytest.raises(SourceBlocked):
                retrying(QUOTES)
            assert len(router.sent) == 1
            assert time.slept == []


def test_sleeps_of_others_pass_by_the_clock() -> None:
    time = FakeClock()
    with polite(make_limiter(time), PAGE):
        real_time.sleep(3600)
    assert time.slept == [3600]
    waited: list[float] = []
    clock = Clock(
        now=lambda: START, sleep=lambda seconds: waited.append(seconds) or real_time.sleep(0)
    )  # type: ignore[func-returns-value]
    own = RateLimiter(clock=clock, breaker=CircuitBreaker(None, clock), random=Random(1))
    with polite(own, PAGE):
        real_time.sleep(7)
    assert waited == [7]


def test_everything_is_put_back() -> None:
    send, sleep = requests.adapters.HTTPAdapter.send, real_time.sleep
    with pytest.raises(KeyboardInterrupt), polite(make_limiter(FakeClock()), PAGE):
        raise KeyboardInterrupt
    assert requests.adapters.HTTPAdapter.send is send
    assert real_time.sleep is sleep


def test_an_interrupt_passes_and_frees_the_group() -> None:
    limiter = make_limiter(FakeClock())
    with offline(Router().add("", KeyboardInterrupt())), pytest.raises(KeyboardInterrupt):
        get(limiter, SINA)
    with offline(Router().add("", "{}")):
        get(limiter, SINA)


def test_threads_take_turns() -> None:
    time = FakeClock()
    limiter = make_limiter(time)
    inside, most = 0, 0
    errors: list[SourceError] = []

    def answer(_: Any) -> str:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        inside -= 1
        return "{}"

    def ask() -> None:
        try:
            get(limiter, SINA)
        except SourceError as error:
            errors.append(error)

    with offline(Router().add("", answer)):
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (most, errors, limiter.requests_made.total()) == (1, [], 8)
    assert len(time.slept) == 7
