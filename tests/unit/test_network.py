"""A machine without a network: told once, at once, and no host is blamed for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import requests
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError

from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker
from screener.data.sources.online.transport.client import OnlineWire
from screener.data.sources.online.transport.errors import Trouble, trouble_of_error
from screener.data.sources.online.transport.network import Network
from screener.data.sources.online.transport.protocol import Page
from screener.errors import NetworkDown, SourceBlocked
from tests.support.transport import Router, offline
from tests.support.wire_clock import FakeClock

HOSTS = ("prices.example", "filings.example", "fixings.example")
PAGE = Page(url="https://prices.example/day")


def lost(host: str) -> None:
    raise OSError(-2, f"{host} is not known")


def found(host: str) -> None:
    del host


def only(*known: str) -> Callable[[str], None]:
    return lambda host: None if host in known else lost(host)


def unresolved(host: str) -> requests.ConnectionError:
    pool = HTTPSConnectionPool(host)
    return requests.ConnectionError(
        MaxRetryError(pool, "/", NameResolutionError(host, pool, OSError(-2, "not known")))  # type: ignore[arg-type]
    )


def wire_of(time: FakeClock, network: Network, path: Path | None = None) -> OnlineWire:
    return OnlineWire(time.clock, CircuitBreaker(path, time.clock), Random(1), network)


def test_no_host_found_is_no_network() -> None:
    with pytest.raises(NetworkDown, match=r"none of 3 hosts is found .*nobody was asked") as told:
        Network(HOSTS, reach=lost).check()
    assert told.value.exit_code == 5
    assert "connect this machine" in told.value.fix


def test_one_host_found_is_enough_and_looked_for_once() -> None:
    asked: list[str] = []

    def reach(host: str) -> None:
        asked.append(host)
        only(HOSTS[2])(host)

    network = Network(HOSTS, reach=reach)
    network.check()
    before = len(asked)
    network.check()
    assert before == len(asked) <= 3


def test_a_silent_name_server_holds_nobody_for_long() -> None:
    never = threading.Event()
    network = Network(HOSTS, reach=lambda host: void(never.wait(30)), seconds=0.05)
    with pytest.raises(NetworkDown, match="no name server answers"):
        network.check()
    never.set()


def void(value: object) -> None:
    del value


def test_nobody_is_asked_and_nobody_is_blamed(tmp_path: Path) -> None:
    time, router = FakeClock(), Router()
    memory = tmp_path / "hosts.json"
    with offline(router), pytest.raises(NetworkDown):
        wire_of(time, Network(HOSTS, reach=lost), memory).page(PAGE)
    assert router.sent == []
    assert time.slept == []
    assert not memory.exists()


def test_a_network_that_is_lost_on_the_way_is_told(tmp_path: Path) -> None:
    time, memory = FakeClock(), tmp_path / "hosts.json"
    here = [True]
    network = Network(HOSTS, reach=lambda host: None if here[0] else lost(host))
    router = Router().add("prices.example", "1")
    with offline(router):
        wire = wire_of(time, network, memory)
        assert wire.page(PAGE) == "1"
        here[0] = False
        router.add("prices.example", unresolved("prices.example"))
        with pytest.raises(NetworkDown):
            wire.page(PAGE)
    records = json.loads(memory.read_text(encoding="utf-8"))["groups"]
    assert all(not item["failures"] and item["opened_at"] is None for item in records.values())


def test_a_host_without_a_name_is_not_the_network() -> None:
    router = Router().add("prices.example", unresolved("prices.example"))
    with offline(router), pytest.raises(SourceBlocked, match=r"prices\.example cannot be reached"):
        wire_of(FakeClock(), Network(HOSTS, reach=only("filings.example"))).page(PAGE)


def test_behind_a_proxy_no_name_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with offline(Router().add("prices.example", "1")):
        assert wire_of(FakeClock(), Network(HOSTS, reach=lost)).page(PAGE) == "1"


def test_a_dead_proxy_of_curl_is_no_refusal() -> None:
    error = OSError("curl: (7) Failed to connect to prices.example:443 over proxy 127.0.0.1")
    assert trouble_of_error(error) is Trouble.PROXY
    assert not Trouble.PROXY.counts
