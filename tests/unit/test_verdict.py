"""The verdict says what is known, and that the rest is not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from screener.render.score_words import Language
from screener.render.verdict import verdict_text
from screener.results.placebo import VERDICTS
from screener.results.tables import fits
from screener.workflows.study.verdict import BrokerRecord, PlaceboRecord, Verdict
from screener.workflows.study.verdicts import VerdictRun, verdict_rows

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
    assert verdict_text(WHOLE) == (
        "R1 · copper returned −10.05 % on paper in 5 sessions, −10.11 % as you could have traded "
        "it with 1,000,000 CNY, 3.21 points less than matched random baskets (p = 0.041). "
        "A证券 has met its own rating in 60 % of its 10 matured calls [31 %, 83 %], where chance "
        "alone gives 42 %."
    )
    assert verdict_text(WHOLE, Language.ZH) == (
        "R1 · copper：5 个交易日账面收益 −10.05 %，以 1,000,000 元实际可交易的收益 −10.11 %，"
        "比匹配的随机组合低 3.21 个百分点（p = 0.041）。"
        "A证券已到期的 10 次评级中 60 % 达到其自身定义［31 %，83 %］，随机水平为 42 %。"
    )


def test_an_estimated_date_is_said() -> None:
    guessed = replace(WHOLE, estimated=True)
    assert verdict_text(guessed).startswith("R1 (date estimated) · copper returned")
    assert verdict_text(guessed, Language.ZH).startswith("R1（日期为估计） · copper：")


@pytest.mark.parametrize("language", Language)
def test_what_is_not_known_is_not_told_as_a_number(language: Language) -> None:
    open_window = replace(WHOLE, finished=False, sessions_held=3)
    early = verdict_text(open_window, language)
    assert {Language.EN: "not enough data", Language.ZH: "数据不足"}[language] in early
    assert "p =" not in early
    none = verdict_text(replace(WHOLE, paper_return=None), language)
    assert "10.05" not in none
    stuck = verdict_text(replace(WHOLE, executable_return=None), language)
    assert "10.11" not in stuck
    alone = verdict_text(replace(WHOLE, placebo=None), language)
    assert "p =" not in alone
    young = BrokerRecord(broker="A证券", met=0, matured=0)
    fresh = verdict_text(replace(WHOLE, brokers=(young,)), language)
    assert "0 %" not in fresh
    unknown = verdict_text(replace(WHOLE, brokers=(replace(RECORD, base_rate=None),)), language)
    assert "42" not in unknown
    assert "nan" not in " ".join((early, none, stuck, alone, fresh, unknown)).lower()
    assert verdict_text(replace(WHOLE, brokers=()), language)


def test_rows_have_every_column_whatever_is_not_known() -> None:
    young = BrokerRecord(broker="B证券", met=0, matured=0)
    known = replace(WHOLE, brokers=(RECORD, young))
    nothing = replace(
        WHOLE, paper_return=None, executable_return=None, capital=None, placebo=None, brokers=()
    )
    beside = SimpleNamespace(run_id="x")
    run = VerdictRun(backtest=beside, placebo=beside, verdicts=(known, nothing))  # type: ignore[arg-type]
    rows = verdict_rows(run)
    assert not fits(VERDICTS, rows)
    assert [(row["broker"], row["met"]) for row in rows] == [
        ("A证券", 6),
        ("B证券", 0),
        (None, None),
    ]
    assert [row["interval_high"] for row in rows] == [0.83, None, None]
    assert RECORD.rate == 0.6
    assert young.rate is None
