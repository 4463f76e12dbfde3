"""The verdict says what is known, and that the rest is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from screener.language import Language, speaking
from screener.render.study.verdict import verdict_text
from screener.workflows.study.verdict import BrokerRecord, PlaceboRecord, Verdict


def verdict_in(language: Language, found: Verdict) -> str:
    with speaking(language):
        return verdict_text(found)


RECORD = BrokerRecord(broker="A证券", met=6, matured=10, interval=(0.31, 0.83), base_rate=0.42)
WHOLE = Verdict(
    report="R1",
    basket="copper",
    horizon=5,
    sessions_held=5,
    finished=True,
    paper_return=-0.10046,
    executable_return=-0.10105,
    capital=1_000_000.0,
    placebo=PlaceboRecord(excess=-0.0321, p_value=0.0409, matched_on="size, industry"),
    brokers=(RECORD,),
)


def test_the_whole_sentence() -> None:
    assert verdict_in(Language.EN, WHOLE) == (
        "R1 · copper returned −10.05 % on paper in 5 sessions, −10.11 % as you could have traded "
        "it with 1,000,000 CNY, 3.21 points less than matched random baskets (p = 0.041). "
        "A证券 has met its own rating in 60 % of its 10 matured calls [31 %, 83 %], against a "
        "base rate of 42 %."
    )
    assert verdict_in(Language.ZH, WHOLE) == (
        "R1 · copper：5 个交易日账面收益 −10.05 %，以100万元实际可交易的收益 −10.11 %，"
        "比匹配的随机组合低 3.21 个百分点（p = 0.041）。"
        "A证券已到期的 10 次评级中 60 % 达到其自身定义［31 %，83 %］，基准胜率为 42 %。"
    )


def test_an_estimated_date_is_said() -> None:
    guessed = replace(WHOLE, estimated=True)
    assert verdict_in(Language.EN, guessed).startswith("R1 (date estimated) · copper returned")
    assert verdict_in(Language.ZH, guessed).startswith("R1（日期为估计） · copper：")


@pytest.mark.parametrize("language", Language)
def test_what_is_not_known_is_not_told_as_a_number(language: Language) -> None:
    open_window = replace(WHOLE, finished=False, sessions_held=3)
    early = verdict_in(language, open_window)
    assert {Language.EN: "not enough data", Language.ZH: "数据不足"}[language] in early
    assert "p =" not in early
    none = verdict_in(language, replace(WHOLE, paper_return=None))
    assert "10.05" not in none
    stuck = verdict_in(language, replace(WHOLE, executable_return=None))
    assert "10.11" not in stuck
    alone = verdict_in(language, replace(WHOLE, placebo=None))
    assert "p =" not in alone
    young = BrokerRecord(broker="A证券", met=0, matured=0)
    fresh = verdict_in(language, replace(WHOLE, brokers=(young,)))
    assert "0 %" not in fresh
    unknown = verdict_in(language, replace(WHOLE, brokers=(replace(RECORD, base_rate=None),)))
    assert "42" not in unknown
    assert "nan" not in " ".join((early, none, stuck, alone, fresh, unknown)).lower()
    assert verdict_in(language, replace(WHOLE, brokers=()))


def test_calls_that_are_not_matured_are_counted() -> None:
    young = BrokerRecord(broker="A证券", met=0, matured=0, pending=7)
    found = replace(WHOLE, brokers=(young,))
    assert "A证券's calls here are not matured: 7 pending." in verdict_in(Language.EN, found)
    assert "A证券在此的评级均未到期：7条待定。" in verdict_in(Language.ZH, found)
    some = replace(WHOLE, brokers=(replace(RECORD, pending=7),))
    assert "7 pending" not in verdict_in(Language.EN, some)


@pytest.mark.parametrize(
    ("language", "one", "ten"),
    [
        (Language.EN, ("in 1 session,", "its 1 matured call ["), ("in 10 sessions,", "calls [")),
        (Language.ZH, ("1 个交易日", "已到期的 1 次评级"), ("10 个交易日", "10 次评级")),
    ],
)
def test_one_and_many(language: Language, one: tuple[str, str], ten: tuple[str, str]) -> None:
    for n, words in ((1, one), (10, ten)):
        found = replace(WHOLE, horizon=n, brokers=(replace(RECORD, met=1, matured=n),))
        told = verdict_in(language, found)
        assert all(word in told for word in words), told
