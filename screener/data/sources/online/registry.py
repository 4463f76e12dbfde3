"""Every online source, in order of preference: the one place where a source is registered."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from screener.data.sources.online.providers.baidu import BaiduHkValuation
from screener.data.sources.online.providers.baostock import (
    BaostockBars,
    BaostockFactors,
    BaostockStatus,
    BaostockValuation,
)
from screener.data.sources.online.providers.baostock_reports import BaostockFundamentals
from screener.data.sources.online.providers.calendars import SinaCalendar
from screener.data.sources.online.providers.cninfo import CninfoActions
from screener.data.sources.online.providers.csindex import CsindexIndexBars
from screener.data.sources.online.providers.eastmoney_actions import EastmoneyActions
from screener.data.sources.online.providers.eastmoney_lists import (
    EastmoneyEligibility,
    EastmoneyHkSessionList,
    EastmoneySessionList,
)
from screener.data.sources.online.providers.eastmoney_prices import (
    EastmoneyBars,
    EastmoneyHkBars,
    EastmoneyHkIndexBars,
    EastmoneyIndexBars,
)
from screener.data.sources.online.providers.eastmoney_reports import (
    EastmoneyFundamentals,
    EastmoneyHkFundamentals,
)
from screener.data.sources.online.providers.eastmoney_values import EastmoneyValuation
from screener.data.sources.online.providers.exchanges import (
    BseMaster,
    SinaRenames,
    SseDelisted,
    SseMaster,
    SzseDelisted,
    SzseMaster,
    SzseRenames,
)
from screener.data.sources.online.providers.fx import BocFx, EastmoneyFx
from screener.data.sources.online.providers.hk_actions import EastmoneyHkActions
from screener.data.sources.online.providers.hk_master import (
    EastmoneyHkProfile,
    SinaHkMaster,
)
from screener.data.sources.online.providers.ratings import CninfoRatings, EastmoneyRatings
from screener.data.sources.online.providers.shenwan import ShenwanIndexBars, ShenwanIndustries
from screener.data.sources.online.providers.sina import (
    SinaBars,
    SinaFactors,
    SinaHkBars,
    SinaHkIndexBars,
    SinaIndexBars,
)
from screener.data.sources.online.providers.sina_actions import SinaActions, SinaRights
from screener.data.sources.online.providers.suspensions import EastmoneySuspensions
from screener.data.sources.online.providers.tencent import TencentBars, TencentIndexBars
from screener.data.sources.online.transport.baostock_client import BaostockConnection
from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker, Notes, told
from screener.data.sources.online.transport.client import OnlineWire
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.network import Network
from screener.data.sources.online.transport.protocol import Call, Need, OnlineSource, Page
from screener.errors import InputError
from screener.files.place import Place
from screener.language import say
from screener.language.lists import listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OPTIONAL", "SOURCES", "Sources", "open_sources", "way_out"]

BREAKER_FILE = "hosts.json"
"""File in the lake's folder that remembers the circuit breaker of each host."""

SOURCES: tuple[type[OnlineSource], ...] = (
    SseMaster,
    SzseMaster,
    BseMaster,
    SinaHkMaster,
    SseDelisted,
    SzseDelisted,
    SzseRenames,
    SinaRenames,
    SinaCalendar,
    EastmoneySessionList,
    EastmoneyHkSessionList,
    ShenwanIndustries,
    EastmoneyEligibility,
    BocFx,
    EastmoneyFx,
    TencentBars,
    SinaBars,
    SinaHkBars,
    EastmoneyBars,
    EastmoneyHkBars,
    SinaIndexBars,
    SinaHkIndexBars,
    TencentIndexBars,
    EastmoneyIndexBars,
    EastmoneyHkIndexBars,
    CsindexIndexBars,
    ShenwanIndexBars,
    CninfoActions,
    EastmoneyActions,
    SinaActions,
    EastmoneyHkActions,
    SinaRights,
    SinaFactors,
    EastmoneyValuation,
    BaiduHkValuation,
    EastmoneyFundamentals,
    EastmoneyHkFundamentals,
    EastmoneyHkProfile,
    EastmoneySuspensions,
    EastmoneyRatings,
    CninfoRatings,
)
"""Within one need the first is asked first; bans concentrate on Eastmoney's price hosts."""

OPTIONAL = (
    BaostockStatus,
    BaostockValuation,
    BaostockFactors,
    BaostockBars,
    BaostockFundamentals,
)
"""Asked after the others, where package baostock is installed: it has a connection of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The sources of a run, and what their hosts allow."""

    chains: Mapping[Need, Sequence[OnlineSource]]
    wire: OnlineWire
    connection: BaostockConnection
    breaker: CircuitBreaker

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all sources, each once, in order of preference."""
        return tuple(dict.fromkeys(item.name for chain in self.chains.values() for item in chain))

    @property
    def requests_made(self) -> Mapping[str, int]:
        """Requests by host."""
        others = dict.fromkeys(BaostockStatus.hosts, self.connection.requests_made)
        return {**self.wire.requests_made, **{host: n for host, n in others.items() if n}}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the user should know of the circuit breaker's memory."""
        return tuple(self.breaker.remarks)

    def akshare(self, call: Call, *, due: bool) -> pd.DataFrame:
        """Run an akshare function; see `base.Wire`."""
        return self.wire.akshare(call, due=due)

    def page(self, page: Page) -> str:
        """Fetch a page; see `base.Wire`."""
        return self.wire.page(page)

    def open_circuit(self, hosts: Sequence[str]) -> str:
        """Say why one of these hosts must not be asked now; empty when all may be."""
        until = self.wire.wait_until(hosts)
        return "" if until is None else say("circuit open until {until}", until=told(until))

    def open_circuits(self) -> tuple[str, ...]:
        """List the hosts whose circuit is open: why, and until when."""
        return self.breaker.describe()

    def check_names(self, names: Iterable[str]) -> None:
        """Refuse a name that no source has.

        Raises
        ------
        InputError
            If there is no source of that name.
        """
        known = listed(self.names)
        for name in names:
            if name not in self.names:
                choice = f"--source {name!r}"
                raise InputError(say("{choice} is not one of {known}", choice=choice, known=known))


def way_out() -> Network:
    """Return the way out of this machine, judged by whether any of the sources' hosts is found."""
    return Network([source.hosts[0] for source in SOURCES])


@contextmanager
def open_sources(
    root: Path | Place, clock: Clock, random: Random, *, network: Network | None = None
) -> Iterator[Sources]:
    """Give all sources, with what earlier runs met at their hosts.

    Parameters
    ----------
    root
        Folder of the lake, which keeps that memory, or where one for many is: all desks keep it
        together.
    clock, random
        Time, and the generator of the pace's jitter.
    network
        The way out of this machine: without one nobody is asked; not looked at when `None`.
    """
    with _notes(Place.of(root)) as notes:
        yield from _opened(CircuitBreaker(notes, clock), clock, random, network)


@contextmanager
def _notes(place: Place) -> Iterator[Path | Notes]:
    if not place.shared:
        yield place.folder / BREAKER_FILE
        return
    from screener.data.lake.shared.remembering import shared_notes

    with shared_notes(place, BREAKER_FILE) as notes:
        yield notes


def _opened(
    breaker: CircuitBreaker, clock: Clock, random: Random, network: Network | None
) -> Iterator[Sources]:
    wire = OnlineWire(clock, breaker, random, network)
    found: list[OnlineSource] = [source(wire) for source in SOURCES]
    with BaostockConnection(clock, breaker, network=network) as connection:
        if importlib.util.find_spec("baostock") is not None:
            found.extend(source(connection) for source in OPTIONAL)
        chains: dict[Need, list[OnlineSource]] = {}
        for source in found:
            chains.setdefault(source.need, []).append(source)
        yield Sources(chains=chains, wire=wire, connection=connection, breaker=breaker)
