"""Which source is asked, in which order, and what is said when none answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from screener.data.lake.batch import Batch
from screener.data.sources.online.transport.failover import ask_in_turn, sources_for
from screener.data.sources.online.transport.protocol import Ask, Need, Query
from screener.domain.listing import Exchange, parse_listing
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty, SourceError

ASK = Ask(
    need=Need.BARS,
    start=date(2026, 5, 20),
    end=date(2026, 5, 28),
    fetched_at=datetime(2026, 5, 28, 9, tzinfo=UTC),
    listing=parse_listing("300857.SZ"),
)


class Vendor:
    """A source that answers, or fails in a given step."""

    need = Need.BARS

    def __init__(
        self,
        name: str,
        error: SourceError | None = None,
        *,
        step: str = "fetch",
        exchanges: Sequence[Exchange] = (Exchange.SZ,),
    ) -> None:
        self.name = name
        self.error = error
        self.step = step
        self.exchanges = frozenset(exchanges)
        self.hosts = (f"{name}.example",)
        self.asked = 0

    def build_query(self, ask: Ask) -> Query:
        return Query(ask=ask, calls=())

    def fetch(self, query: Query) -> tuple[Any, ...]:
        self.asked += 1
        if self.error is not None and self.step == "fetch":
            raise self.error
        return ()

    def normalise(self, query: Query, payload: tuple[Any, ...]) -> Batch:
        if self.error is not None and self.step == "normalise":
            raise self.error
        return Batch(tables={}, remarks=(self.name,))


def nobody(hosts: Sequence[str]) -> str:
    return ""


def turn(vendors: list[Vendor], open_circuit: Any = nobody) -> Any:
    return ask_in_turn(vendors, ASK, open_circuit=open_circuit)  # type: ignore[arg-type]


def test_the_first_that_answers_is_taken() -> None:
    first, second, third = Vendor("a", SourceBlocked("refused")), Vendor("b"), Vendor("c")
    answer = turn([first, second, third])
    assert answer.source == "b"
    assert [item.source for item in answer.attempts] == ["a"]
    assert third.asked == 0


@pytest.mark.parametrize("step", ["fetch", "normalise"])
def test_a_changed_reply_is_passed_over_too(step: str) -> None:
    assert turn([Vendor("a", SourceChanged("other columns"), step=step), Vendor("b")]).source == "b"


def test_a_host_that_is_with_an_open_circuit_is_not_asked() -> None:
    waiting = Vendor("a")
    answer = turn([waiting, Vendor("b")], lambda hosts: "waiting" if "a.example" in hosts else "")
    assert answer.source == "b"
    assert waiting.asked == 0


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([SourceEmpty("none"), SourceEmpty("none")], SourceEmpty),
        ([SourceEmpty("none"), SourceBlocked("refused")], SourceBlocked),
        ([SourceChanged("columns"), SourceEmpty("none")], SourceChanged),
        ([SourceChanged("columns"), SourceBlocked("refused")], SourceBlocked),
    ],
)
def test_there_is_none_only_if_all_say_so(
    errors: list[SourceError], kind: type[SourceError]
) -> None:
    vendors = [Vendor(f"v{at}", error) for at, error in enumerate(errors)]
    with pytest.raises(SourceError) as caught:
        turn(vendors)
    assert type(caught.value) is kind
    assert caught.value.where == "300857.SZ"
    for vendor in vendors:
        assert vendor.name in caught.value.what


def test_no_source_at_all_says_what_to_do() -> None:
    with pytest.raises(
        SourceBlocked, match=r"no source that may be asked offers bars of 300857\.SZ"
    ) as caught:
        turn([])
    assert "data import" in caught.value.fix


def test_sources_are_chosen_by_exchange_and_name() -> None:
    here, elsewhere, other = Vendor("a"), Vendor("b", exchanges=[Exchange.HK]), Vendor("c")
    chain: Any = [here, elsewhere, other]
    assert sources_for(chain, ASK) == [here, other]
    assert sources_for(chain, ASK, only=frozenset({"c"})) == [other]
