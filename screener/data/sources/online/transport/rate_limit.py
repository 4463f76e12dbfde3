"""How outside hosts are asked: slowly, one request at a time, and never after a refusal.

While `polite` is in force every request of the process passes through `RateLimiter.ask`, whatever
library sends it: akshare makes its own sessions, so the one place to stand is the transport.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatch
from functools import cache
from importlib import resources
from random import Random
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker, told
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.errors import (
    Trouble,
    place_of,
    trouble_of_error,
    trouble_of_reply,
)
from screener.data.sources.online.transport.network import Network
from screener.data.sources.online.transport.protocol import Call, Page
from screener.errors import SourceBlocked, SourceError
from screener.language import say
from screener.language.lists import listed

__all__ = ["HostGroup", "RateLimiter", "Visit", "group_named", "group_of", "polite"]

CURL_MODULES = ("akshare.stock_feature.stock_hk_valuation_baidu",)
"""Modules whose `requests` is curl_cffi's, which does not pass through `HTTPAdapter`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostGroup:
    """Hosts that share one pace, one cap and one circuit; the keys of `hosts.toml`.

    Parameters
    ----------
    name, hosts
        Name, and patterns of its hosts.
    min_seconds, jitter
        Least time between two requests, and the fraction of it that is added at random.
    connect_seconds, read_seconds
        Time-outs where the caller gives none.
    retry
        Whether a time-out or a fault of the server is worth one more request.
    soft_failures
        Failures in a row, short of a refusal, until the group's circuit opens.
    pages
        Patterns of hosts whose replies are web pages.
    daily_cap
        Requests in a day; no cap when `None`.
    """

    name: str
    hosts: tuple[str, ...]
    min_seconds: float
    jitter: float
    connect_seconds: float
    read_seconds: float
    retry: bool
    soft_failures: int
    pages: tuple[str, ...]
    daily_cap: int | None = None

    def sends_pages(self, host: str) -> bool:
        """Tell whether a web page is what a host should send."""
        return any(fnmatch(host, pattern) for pattern in self.pages)


@cache
def group_of(host: str) -> HostGroup:
    """Return the group of a host; one that no group names is a group of its own."""
    name, tables = host.lower().rstrip("."), _tables()
    for group, table in tables["groups"].items():
        if any(fnmatch(name, pattern) for pattern in table["hosts"]):
            return _group(group, table)
    return _group(name, {"hosts": [name], **tables["unknown"]})


def group_named(name: str) -> HostGroup:
    """Return a group of `hosts.toml`; `KeyError` if there is none of that name."""
    return _group(name, _tables()["groups"][name])


def _group(name: str, table: Mapping[str, Any]) -> HostGroup:
    merged = {**_tables()["default"], **table}
    hosts, pages = tuple(merged.pop("hosts")), tuple(merged.pop("pages"))
    return HostGroup(name=name, hosts=hosts, pages=pages, **merged)


@cache
def _tables() -> dict[str, Any]:
    folder = resources.files("screener.data.sources.online.upstream_tables")
    return tomllib.loads(folder.joinpath("hosts.toml").read_text(encoding="utf-8"))


class Reply(Protocol):
    """What requests and curl_cffi both give."""

    status_code: int

    @property
    def content(self) -> bytes:
        """Body, read to its end."""
        ...


@dataclass(slots=True, kw_only=True)
class Visit:
    """One call: the hosts it asked in order, what the last one sent, and how it was refused."""

    call: Call | Page
    hosts: list[str] = field(default_factory=list)
    body: bytes = b""
    refusal: SourceError | None = None
    replies: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Last host that was asked; empty before the first."""
        return self.hosts[-1] if self.hosts else ""


class RateLimiter:
    """Pace, caps, retries and circuits of all hosts.

    Parameters
    ----------
    clock, random
        Time, and the jitter's generator.
    breaker
        What earlier requests met.
    network
        The way out of this machine, for which no host is blamed; not looked at when `None`.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        breaker: CircuitBreaker,
        random: Random,
        network: Network | None = None,
    ) -> None:
        self.clock = clock
        self._network = network
        self.breaker = breaker
        self.requests_made: Counter[str] = Counter()
        self._random = random
        self._in_flight: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def ask(
        self, visit: Visit, url: str, send: Callable[[tuple[float, float]], Reply], *, proxy: str
    ) -> Reply:
        """Send a request when its host may be asked.

        Parameters
        ----------
        visit
            The call that it belongs to.
        url
            Where it goes.
        send
            Sends it, given the time-outs (connect, read) in seconds, and returns the reply.
        proxy
            Address of the proxy in use, for the message; empty without one.

        Raises
        ------
        NetworkDown
            If this machine has no way out.
        SourceBlocked
            If the host's circuit is open, it is used up for today, or cannot be asked.
        SourceEmpty
            If it has no such page.
        SourceChanged
            If it does not take the request.
        """
        host = urlsplit(url).hostname or ""
        group = group_of(host)
        visit.hosts.append(host)
        with self._in_flight[group.name]:
            try:
                return self._ask_twice(visit, host, group, send, proxy)
            except SourceError as refusal:
                # Kept for the wire, in case a library swallows it.
                visit.refusal = visit.refusal or refusal
                raise

    def wait_until(self, group: HostGroup) -> datetime | None:
        """Return the instant (UTC) from which a group may be asked, `None` if it may be now."""
        used_up = (
            group.daily_cap is not None
            and self.breaker.requests_today(group.name) >= group.daily_cap
        )
        waits = [self.breaker.wait_until(group.name), self.breaker.day_ends() if used_up else None]
        return max((item for item in waits if item is not None), default=None)

    def failed(self, host: str, trouble: Trouble, detail: str = "") -> datetime | None:
        """Count a failure of a host; return the instant until which its circuit is open."""
        group = group_of(host)
        if trouble.counts:
            opens_after = 1 if trouble.refuses else group.soft_failures
            reason = trouble.said(host)
            if detail:
                reason = listed([reason, detail])
            self.breaker.failed(group.name, reason, opens_after=opens_after)
        return self.breaker.wait_until(group.name)

    def succeeded(self, hosts: Iterable[str]) -> None:
        """Forget the failures of hosts whose answer could be used."""
        for name in {group_of(host).name for host in hosts}:
            self.breaker.succeeded(name)

    def _ask_twice(
        self,
        visit: Visit,
        host: str,
        group: HostGroup,
        send: Callable[[tuple[float, float]], Reply],
        proxy: str,
    ) -> Reply:
        trouble, detail = Trouble.TIMED_OUT, ""
        for tries_left in (1, 0) if group.retry else (0,):
            self._stop_if_open(visit, host, group)
            if self._network is not None and not proxy:  # a proxy finds the names itself
                self._network.check()
            self._pace(host, group)
            try:
                reply = send((group.connect_seconds, group.read_seconds))
                body = reply.content
            except OSError as error:
                trouble, detail = trouble_of_error(error), _detail(error)
            else:
                visit.body = body
                found = trouble_of_reply(reply.status_code, body, pages=group.sends_pages(host))
                if found is None:
                    return reply
                trouble, detail = found, say("status {code}", code=reply.status_code)
            if not (tries_left and trouble.passes):
                break
        if trouble is Trouble.OFFLINE and self._network is not None:
            self._network.check_again()
        if trouble is Trouble.PROXY:
            name = proxy or say("of the environment")
            detail = say("{name}: {text}", name=name, text=detail)
        until = self.failed(host, trouble, detail)
        raise trouble.error(call=visit.call, host=host, detail=detail, until=until)

    def _stop_if_open(self, visit: Visit, host: str, group: HostGroup) -> None:
        until = self.wait_until(group)
        if until is None:
            return
        what = say(
            "{name}: circuit open until {until}: {reason}",
            name=group.name,
            until=told(until),
            reason=self.breaker.reason(group.name),
        )
        if self.breaker.wait_until(group.name) is None:
            what = say(
                "{name}: rate limit until {until}: {cap} requests a day are used up",
                name=group.name,
                until=told(until),
                cap=group.daily_cap,
            )
        raise SourceBlocked(
            what,
            where=place_of(visit.call, host),
            fix=say("wait until {until}, or ask another source", until=told(until)),
        )

    def _pace(self, host: str, group: HostGroup) -> None:
        last = self.breaker.last_request(group.name)
        if last is not None:
            seconds = group.min_seconds * (1 + group.jitter * self._random.random())
            wait = (last + timedelta(seconds=seconds) - self.clock.now()).total_seconds()
            if wait > 0:
                self.clock.sleep(wait)
        self.breaker.asked(group.name)
        self.requests_made[host] += 1


_ONE_AT_A_TIME = threading.RLock()


@contextlib.contextmanager
def polite(limiter: RateLimiter, call: Call | Page) -> Iterator[Visit]:
    """Send every request of the process through a rate limiter until the block ends.

    The block holds a lock, since what it replaces is shared by all threads: the transport of
    requests, the `get` of curl_cffi where akshare uses it, and `time.sleep`, with which akshare
    waits between its own retries. The same address asked twice in one block is asked once.

    Parameters
    ----------
    limiter
        Pace, caps and circuits.
    call
        What is asked, for messages.

    Yields
    ------
    Visit
        What was asked.
    """
    visit = Visit(call=call)
    with _ONE_AT_A_TIME, contextlib.ExitStack() as stack:
        adapter = requests.adapters.HTTPAdapter
        stack.enter_context(_replaced(adapter, "send", _polite_send(limiter, visit, adapter.send)))
        stack.enter_context(_replaced(time, "sleep", _counted_sleep(limiter.clock, time.sleep)))
        for name in CURL_MODULES:
            if name in sys.modules:
                curl = sys.modules[name].requests
                stack.enter_context(_replaced(curl, "get", _polite_get(limiter, visit, curl.get)))
        yield visit


def _polite_send(
    limiter: RateLimiter, visit: Visit, original: Callable[..., requests.Response]
) -> Callable[..., requests.Response]:
    def send(
        adapter: requests.adapters.HTTPAdapter,
        request: requests.PreparedRequest,
        **options: Any,
    ) -> requests.Response:
        url = str(request.url)
        key = (str(request.method), url, str(request.headers.get("Cookie")))
        if request.method == "GET" and key in visit.replies:
            known: requests.Response = visit.replies[key]
            return known

        def go(timeout: tuple[float, float]) -> requests.Response:
            given = options.get("timeout")
            return original(adapter, request, **{**options, "timeout": given or timeout})

        proxy = requests.utils.select_proxy(url, options.get("proxies"))
        reply = limiter.ask(visit, url, go, proxy=_without_password(proxy))
        visit.replies[key] = reply
        return reply  # type: ignore[return-value]

    return send


def _polite_get(
    limiter: RateLimiter, visit: Visit, original: Callable[..., Reply]
) -> Callable[..., Reply]:
    def get(url: str, **options: Any) -> Reply:
        def go(timeout: tuple[float, float]) -> Reply:
            return original(url, **{**options, "timeout": options.get("timeout") or timeout})

        proxies = requests.utils.get_environ_proxies(url) | dict(options.get("proxies") or {})
        proxy = requests.utils.select_proxy(url, proxies)
        return limiter.ask(visit, url, go, proxy=_without_password(proxy))

    return get


def _counted_sleep(clock: Clock, original: Callable[[float], None]) -> Callable[[float], None]:
    """Sleep by the clock; a clock that itself calls `time.sleep` gets the real one."""
    inside = threading.local()

    def sleep(seconds: float) -> None:
        if getattr(inside, "clock", False):
            original(seconds)
            return
        inside.clock = True
        try:
            clock.sleep(seconds)
        finally:
            inside.clock = False

    return sleep


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


def _without_password(proxy: str | None) -> str:
    if not proxy:
        return ""
    scheme, found, rest = proxy.rpartition("//")
    return f"{scheme}{found}{rest.rpartition('@')[2]}"


def _detail(error: OSError) -> str:
    words = " ".join(str(error).split()) or say("no message")
    return f"{type(error).__name__}: {words[:160]}"
