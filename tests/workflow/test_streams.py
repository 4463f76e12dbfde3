"""Streams of events: reports, brokers, themes and ratings, whatever the order of the files."""

from __future__ import annotations

from datetime import date

import pytest

import screener
from screener.data.lake.store import Store
from screener.domain.basket import Event
from screener.domain.exits import ExitRules
from screener.domain.listing import Exchange
from screener.errors import ScreenerError
from screener.workflows.backtest.leaves import with_leaves
from screener.workflows.backtest.market import entries_of
from screener.workflows.follow.streams import StreamRequest, gather_stream
from screener.workflows.score.words import Grade, grade_of, read_rating

OURS = ("国盛证券", "东吴证券")
COLUMNS = "股票代码,日期,机构,评级\n"
FIRST = (
    "601899.SH,2026-04-20,国盛证券,买入\n"
    "300857.SZ,2026-04-20,国盛证券,增持\n"
    "002428.SZ,2026-04-21,东吴证券,强烈推荐\n"
    "601899.SH,2026-05-15,银河证券,买入\n"
    "603993.SH,2026-05-15,中信证券,买入\n"
    "603993.SH,2026-05-19,中信证券,中性\n"
)
SECOND = (
    "601899.SH,2026-04-20,国盛证券股份有限公司,买入(维持)\n"  # the same call
    "603993.SH,2026-04-22,东吴证券,中性\n"
    "002975.SZ,2026-04-22,东吴证券,无评级\n"
    "601899.SH,2026-05-20,银河证券,增持\n"
    "603993.SH,2026-05-22,银河证券,中性(下调)\n"
)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[screener.Workspace]:
    """Return two workspaces that took the same two files of ratings, in either order."""
    found = []
    for files in ((FIRST, SECOND), (SECOND, FIRST)):
        folder = tmp_path_factory.mktemp("stream")
        ws = screener.init(folder / "w")
        for at, text in enumerate(files):
            file = folder / f"ratings{at}.csv"
            file.write_text(COLUMNS + text, encoding="utf-8")
            ws.import_data(file, kind="ratings")
        found.append(ws)
    return found


def events(ws: screener.Workspace, *names: str, **asked: object) -> tuple[Event, ...]:
    with Store.open(ws.place.data_cache) as store:
        return gather_stream(ws.place, store, StreamRequest(names=names, **asked)).events  # type: ignore[arg-type]


def ids(found: tuple[Event, ...]) -> set[str]:
    return {event.report for event in found}


def themes(found: tuple[Event, ...]) -> set[str]:
    return {event.basket for event in found}


def test_the_order_of_the_files_is_irrelevant(places: list[screener.Workspace]) -> None:
    for asked in ({"ratings": "all"}, {"ratings": "buy", "brokers": OURS}):
        first, second = (set(map(repr, events(ws, "copper", **asked))) for ws in places)
        assert first == second
        assert first


def test_ratings_are_chosen_by_grade_and_broker(places: list[screener.Workspace]) -> None:
    day = "2026-04-20 国盛证券"
    bought = events(places[0], ratings="buy", brokers=OURS)
    assert ids(bought) == {f"601899.SH {day}", "002428.SZ 2026-04-21 东吴证券"}
    more = ids(events(places[0], ratings="accumulate", brokers=("国盛", "东吴证券")))
    assert more == {*ids(bought), f"300857.SZ {day}"}
    # Known after the close of its day: bought the next morning.
    assert entries_of(bought[0], 0) == (((Exchange.SH, date(2026, 4, 21)),),)
    assert themes(bought) == {"ratings"}


def test_cards_are_chosen_by_report_theme_and_broker(places: list[screener.Workspace]) -> None:
    ws = places[0]
    rows = events(ws, "R1")
    assert themes(rows) == {"compute-leasing", "copper", "inp-substrates", "crossover-appliance"}
    assert ids(rows) == {"R1"}
    assert themes(events(ws, brokers=("银河证券",))) == {"copper"}
    assert themes(events(ws, themes=("copper",))) == {"copper"}
    assert themes(events(ws, "compute-leasing", reports=("R1",))) == {"compute-leasing"}
    assert not events(ws, themes=("copper",), brokers=("国盛证券",), reports=("R1",))


def test_an_event_that_two_sources_give_is_one(places: list[screener.Workspace]) -> None:
    assert events(places[0], "copper", "R1")[0].basket == "copper"
    assert len(events(places[0], "copper", "R1")) == len(events(places[0], "R1"))


def leaves(ws: screener.Workspace, name: str, rules: ExitRules) -> dict[tuple[str, str], str]:
    with Store.open(ws.place.data_cache) as store:
        found = with_leaves(ws.place, store, events(ws, name), rules)
    return {
        (event.report, member.listing.id): f"{day} {kind}"
        for event in found
        for member in event.members
        for day, kind in member.leaves
    }


def test_a_name_leaves_with_the_first_later_report_that_drops_it(
    places: list[screener.Workspace],
) -> None:
    found = leaves(places[0], "compute-leasing", ExitRules(next_report=True))
    # R2, then R5 (known after the close of 04-29), then R1 (05-14, after the close).
    assert found["R2", "000967.SZ"] == "2026-04-30 next-report"
    assert found["R2", "603629.SH"] == found["R5", "603629.SH"] == "2026-05-15 next-report"
    assert {key for key in found if key[1] == "300857.SZ" or key[0] == "R1"} == set()


def test_a_name_leaves_with_a_cut_by_a_broker_of_its_report(
    places: list[screener.Workspace],
) -> None:
    for ws in places:
        assert leaves(ws, "copper", ExitRules(rating_cut=True)) == {
            ("R1", "601899.SH"): "2026-05-21 rating-cut",  # from 买入 to 增持
            ("R1", "603993.SH"): "2026-05-25 rating-cut",  # printed as lowered, on a Friday
        }
    assert leaves(places[0], "copper", ExitRules(stop=-0.1)) == {}


def test_what_nobody_says_is_refused(places: list[screener.Workspace]) -> None:
    for asked, why in (
        ({"ratings": "best"}, "is no grade"),
        ({"brokers": ("nobody",)}, "no card says so"),
        ({"names": ("nothing",)}, "neither a report nor a basket"),
    ):
        with pytest.raises(ScreenerError, match=why):
            places[0].follow(
                asked.get("names"), broker=asked.get("brokers"), ratings=asked.get("ratings")
            )


@pytest.mark.parametrize(
    ("printed", "grade"),
    [
        ("买入-A", Grade.BUY),
        ("首次買入", Grade.BUY),
        ("增持(维持)", Grade.ACCUMULATE),
        ("推荐/维持", Grade.ACCUMULATE),
        ("中性", Grade.HOLD),
        ("减持", Grade.REDUCE),
        ("卖出", Grade.SELL),
        ("无评级", None),
        ("看看", None),
    ],
)
def test_words_have_one_grade_for_all_houses(printed: str, grade: Grade | None) -> None:
    assert grade_of(read_rating(printed).word) is grade
