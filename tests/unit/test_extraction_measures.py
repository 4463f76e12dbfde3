"""The bench counts rightly: what is right, wrong and missing, and of which kind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import extraction_labels
from benchmarks.extraction_labels import (
    Labels,
    Wanted,
    broker_core,
    labels_of_real,
    normal,
    rating_core,
)
from benchmarks.extraction_measures import Answer, Measured, interval, kinds, measured, total
from benchmarks.extraction_scores import Tally

BUY = Wanted(("300308.SZ",), "recommended", frozenset({"recommended"}), targets=frozenset({45.0}))
DUAL = Wanted(("601899.SH", "02899.HK"), "mentioned", frozenset({"mentioned", "mover"}))
SOFT = Wanted(("600030.SH",), "mentioned", frozenset({"mentioned"}), optional=True)
LABELS = Labels(
    id="a",
    group="g",
    text="",
    wanted=(BUY, DUAL, SOFT),
    why_not={"601211.SH": "author"},
    dates=frozenset({"2026-05-14"}),
    brokers=frozenset({"国信证券"}),
    ratings=frozenset(),
    targeted=True,
    claims={("300308.SZ", "revenue", "2025"): 1e9},
)
RIGHT = Answer(
    roles={"300308.SZ": "recommended", "02899.HK": "mover"},
    day="2026-05-14",
    broker="国信证券",
    own_ratings={},
    claims=frozenset(
        {(("300308.SZ", "revenue", "2025"), 1e9), (("300308.SZ", "target price", ""), 45.0)}
    ),
)  # fmt: skip


def counts(answer: Answer, labels: Labels = LABELS) -> dict[str, Tally]:
    return dict(measured(labels, answer).tallies)


def test_what_is_right() -> None:
    found = measured(replace(LABELS, claims=None), RIGHT)
    assert found.errors == ()
    assert found.tallies == {
        "securities": Tally(2),
        "recommended": Tally(1),
        "roles": Tally(2),
        "dates": Tally(1),
        "brokers": Tally(1),
        "targets": Tally(1),
    }


@pytest.mark.parametrize(
    ("change", "measure", "tally", "kind"),
    [
        ({"roles": {"02899.HK": "mover"}}, "securities", Tally(1, 0, 1), "missed: recommended"),
        ({"roles": {"02899.HK": "mover"}}, "recommended", Tally(0, 0, 1), "missed"),
        (
            {"roles": {**RIGHT.roles, "601211.SH": "mentioned"}},
            "securities",
            Tally(2, 1, 0),
            "extra: author",
        ),
        ({"roles": {**RIGHT.roles, "600030.SH": "risk"}}, "securities", Tally(2), ""),
        ({"roles": {"300308.SZ": "risk"}}, "roles", Tally(0, 1, 0), "recommended given as risk"),
        (
            {"roles": {**RIGHT.roles, "02899.HK": "recommended"}},
            "recommended",
            Tally(1, 1, 0),
            "is mentioned",
        ),
        ({"day": ""}, "dates", Tally(0, 0, 1), "not found"),
        ({"day": "2026-05-13"}, "dates", Tally(0, 1, 1), "another than printed"),
        ({"rating": "买入"}, "ratings", Tally(0, 1, 0), "told where none is printed"),
        (
            {"claims": frozenset({(("300308.SZ", "target price", ""), 44.0)})},
            "targets",
            Tally(0, 1, 1),
            "another than printed",
        ),
        (
            {"claims": frozenset({(("300308.SZ", "revenue", "2025"), 2e9)})},
            "claims",
            Tally(0, 1, 1),
            "another value",
        ),
        (
            {"claims": frozenset({(("601899.SH", "target price", ""), 9.0)})},
            "targets",
            Tally(0, 1, 1),
            "of a security without one",
        ),
    ],
)
def test_what_is_wrong(change: dict[str, object], measure: str, tally: Tally, kind: str) -> None:
    found = measured(LABELS, replace(RIGHT, **change))
    assert found.tallies[measure] == tally
    shown = [error.kind for error in found.errors if error.measure == measure]
    assert (kind in shown) if kind else not shown


def test_claims_beyond_some_labelled_are_neither_right_nor_wrong() -> None:
    some = replace(LABELS, every_claim=False)
    assert counts(RIGHT, some)["claims"] == Tally(1)
    assert counts(RIGHT)["claims"] == Tally(1, 1)


def test_totals_intervals_and_kinds() -> None:
    good = measured(LABELS, RIGHT)
    bad = measured(LABELS, replace(RIGHT, day="", roles={}))
    rows: list[Measured] = [good] * 6 + [bad] * 2
    assert total(rows, "dates") == Tally(6, 0, 2)
    low, high = interval(rows, "dates")
    assert low < total(rows, "dates").f1 < high <= 1
    assert interval(rows, "dates") == (low, high)  # the same draws each time
    assert interval([good], "dates") == (0.0, 1.0)
    assert ("dates", "not found", 2) in list(kinds(rows))
    assert next(kinds(rows))[0] == "securities"


@pytest.mark.parametrize(
    ("printed", "listing"),
    [("700.HK", "00700.HK"), ("SZ300308", "300308.SZ"), ("300308 CH", "300308.SZ"),
     ("600519 CH", "600519.SH"), ("920002 CH", "920002.BJ"), ("600519.SS", "600519.SH"),
     ("AAPL", "AAPL")],
)  # fmt: skip
def test_symbols(printed: str, listing: str) -> None:
    assert normal(printed) == listing


@pytest.mark.parametrize(
    ("printed", "core"),
    [
        ("增持（维持）", "增持"),
        ("“買入”", "买入"),
        ("增持-A", "增持"),
        ("BUY (Maintain)", "buy"),
        ("Maintain Buy", "buy"),
        ("Outperform the market", "outperform"),
    ],
)
def test_ratings(printed: str, core: str) -> None:
    assert rating_core(printed) == core


@pytest.mark.parametrize(
    ("printed", "core"),
    [
        ("國泰君安證券股份有限公司", "国泰君安"),
        ("中国银河证券", "银河"),
        ("滙豐環球研究", "汇丰"),
        ("中国", "中国"),
        ("安信国际", "安信国际"),
    ],
)
def test_brokers(printed: str, core: str) -> None:
    assert broker_core(printed) == core


def test_where_nothing_may_be_told_nothing_is_counted() -> None:
    labels = replace(LABELS, ratings=frozenset({"", "买入"}))
    told = Answer(roles={}, rating="买入", own_ratings={}, claims=frozenset())
    silent = replace(told, rating="")
    assert "ratings" not in counts(silent, labels)
    assert counts(told, labels)["ratings"] == Tally(1)


def test_every_third_real_text_is_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("3", "4"):
        folder = tmp_path / "labelled" / name
        folder.mkdir(parents=True)
        gold = {
            "securities": [{"symbol": "700.HK", "printed": "x", "role": "recommended"}],
            "broker": "甲",
            "broker_explicit": False,
            "published": "2026-05-14",
            "rating": "买入(维持)",
            "target": "45-50元",
        }
        (folder / "gold.json").write_text(json.dumps(gold), encoding="utf-8")
        (folder / "text.txt").write_text("x", encoding="utf-8")
    monkeypatch.setattr(extraction_labels, "SHARED", tmp_path)
    held, shown = labels_of_real()
    assert (held.group, shown.group) == ("real, held out", "real")
    assert held.brokers is None
    assert held.dates == {"2026-05-14"}
    assert held.ratings == {"买入"}
    assert held.wanted[0].listings == ("00700.HK",)
    assert held.wanted[0].targets == {45.0, 50.0}
