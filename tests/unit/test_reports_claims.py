"""Claims read out of sentences about invented companies."""

from __future__ import annotations

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.report import Precision, Publication
from screener.reports.claims.claims import claims_in
from screener.reports.claims.numbers import FigureKind, read_figures
from screener.reports.claims.periods import read_day, read_periods
from screener.reports.text.found import FoundClaim
from screener.reports.text.text import make_text
from tests.support.claim_sentences import (
    CASES,
    GROWTH,
    HILL,
    STAR,
    SUNDAY,
    THURSDAY,
    spotted,
)
from tests.support.laws import laws


def found(
    text: str, day: date | None = THURSDAY, reference: date | None = None
) -> tuple[FoundClaim, ...]:
    made = make_text(text)
    published = None if day is None else Publication(value=day, precision=Precision.DAY)
    return claims_in(made, spotted(made.clean), published=published, reference=reference)


def told(
    text: str, day: date | None = THURSDAY, reference: date | None = None
) -> list[tuple[str, str, float, str, str, str]]:
    return [
        (c.subject, c.measure, c.value, str(c.unit), c.as_of, c.remark)
        for c in (item.claim for item in found(text, day, reference))
    ]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text[:24] for text, _ in CASES])
def test_claims(text: str, expected: list[tuple[str, str, float, str, str, str]]) -> None:
    assert sorted(told(text)) == sorted(expected)


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text[:24] for text, _ in CASES])
def test_line_breaks_and_traditional_change_nothing(text: str, expected: list[object]) -> None:
    broken = "\n".join(text)
    assert told(broken) == told(text)
    traditional = opencc.OpenCC("s2t").convert(text)
    assert told(traditional) == told(text)


@given(case=st.sampled_from([text for text, _ in CASES]), data=st.data())
@laws(60)
def test_a_break_anywhere_changes_nothing(case: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(case)))
    assert told(f"{case[:at]}\r\n \u3000{case[at:]}") == told(case)


@given(
    case=st.sampled_from([text for text, _ in CASES]),
    other=st.sampled_from(
        ["天气晴好。", "全球需求增长20%。", "会议在5月12日召开。", "出货100万台。"]
    ),
)
@laws(60)
def test_sentences_of_nobody_after_it_add_nothing(case: str, other: str) -> None:
    assert told(f"{case}。{other}") == told(f"{case}。")


def test_prices_without_a_date_are_of_the_market_table() -> None:
    session = date(2026, 4, 28)
    text = f"恒生指数 25,679 -0.9% 0.2% 沪深300指数 4,758 -0.3% 2.8% {STAR}：股价26.18元。"
    assert told(text, date(2026, 4, 29), session) == [
        ("恒生指数", "close", 25679.0, "points", "2026-04-28", ""),
        ("沪深300", "close", 4758.0, "points", "2026-04-28", ""),
        (STAR, "price", 26.18, "CNY", "2026-04-28", ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "恒生指数目标28,000点。",
        "恒生指数25,000点有支持。",
        "以沪深300指数为基准。",
        "上证指数25家公司。",
    ],
)
def test_levels_that_are_no_close(text: str) -> None:
    assert told(text, reference=date(2026, 4, 28)) == []


@pytest.mark.parametrize("row", ["恒生指数25,6790.9%0.2%", "恒指收报25,679点，跌0.9%"])
def test_closes_of_indices(row: str) -> None:
    (claim,) = told(row, reference=date(2026, 4, 28))
    assert claim[1:3] == ("close", 25679.0)


def test_a_weekly_report_tells_its_week() -> None:
    text = f"通信行业周报。涨幅前五为{STAR}（27.98%）、{HILL}（17.00%）。"
    assert [row[4] for row in told(text, SUNDAY)] == ["2026-05-22"] * 2
    assert told(text.replace("行业周报", "行业点评"), SUNDAY) == []


def test_a_week_that_is_not_told() -> None:
    (row,) = told(f"本周{STAR}上涨5.2%。", THURSDAY)
    assert row[4] == ""
    (row,) = told(f"本周{STAR}上涨5.2%。", date(2026, 5, 15))
    assert row[4] == "2026-05-15"


def test_a_note_on_one_company() -> None:
    text = (
        f"{STAR}（300901.SZ）深度：增长可期。公司是行业龙头。2025年实现营收45.6亿元，同比+20%。"
        "盈利预测：我们预计公司2026/2027年归母净利润10/15亿元，对应PE为30/20倍，维持“买入”评级。"
    )
    rows = told(text)
    assert {row[0] for row in rows} == {STAR}
    assert [row[1:3] for row in rows] == [
        ("revenue", 4.56e9),
        (f"revenue{GROWTH}", 0.2),
        ("net profit", 1e9),
        ("net profit", 1.5e9),
        ("PE", 30.0),
        ("PE", 20.0),
    ]


def test_without_a_date_of_publication() -> None:
    (row,) = told(f"{STAR}2026年PE为20倍。", None)
    assert row[4:] == ("2026", "")
    assert told(f"{STAR}一季度营收3亿元。", None) == []


def test_each_claim_once_with_its_place() -> None:
    text = f"{STAR}2026Q1营收12.34亿元。{STAR}2026Q1营收12.34亿元。"
    (item,) = found(text)
    assert make_text(text).printed(item.place) == "营收12.34亿元"


def test_a_time_of_publication() -> None:
    made = make_text(f"今日{STAR}上涨3.2%。")
    moment = datetime(2026, 5, 14, 19, 48, tzinfo=ZoneInfo("Asia/Shanghai"))
    published = Publication(value=moment, precision=Precision.EXACT)
    (item,) = claims_in(made, spotted(made.clean), published=published, reference=None)
    assert item.claim.as_of == "2026-05-14"


def test_cost() -> None:
    body = "公司持续投入研发，产能逐步释放，需求保持旺盛，行业格局稳定，" * 4
    made = make_text("。".join(f"{body}{text}" for text, _ in CASES[:30])[:5_000])
    names = spotted(made.clean)
    claims_in(made, names, published=None, reference=None)
    best = min(
        _timed(lambda: claims_in(made, names, published=None, reference=None)) for _ in "12345"
    )
    assert best < 0.02  # 2 ms on a free core; ten times that where others use it too


def _timed(work) -> float:  # type: ignore[no-untyped-def]
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.mark.parametrize(
    ("texts", "marks", "values", "kind"),
    [
        (["60.85亿元"], [], [6.085e9], FigureKind.MONEY),
        (["1.2万亿元"], [], [1.2e12], FigureKind.MONEY),
        (["HK$45.20"], [], [45.2], FigureKind.MONEY),
        (["人民币3,200万元"], [], [3.2e7], FigureKind.MONEY),
        (["+343.45%"], [], [3.4345], FigureKind.FRACTION),
        (["20", "15倍"], ["/"], [20, 15], FigureKind.MULTIPLE),
        (["11", "-12倍"], [""], [11, 12], FigureKind.MULTIPLE),
        (["10.2", "15.3", "20.1亿元"], ["、", "、"], [1.02e9, 1.53e9, 2.01e9], FigureKind.MONEY),
        (["25,679点"], [], [25679], FigureKind.POINTS),
    ],
)
def test_figures(texts: list[str], marks: list[str], values: list[float], kind: FigureKind) -> None:
    figures = read_figures(texts, marks)
    assert figures is not None
    assert [float(item.value) for item in figures.items] == values
    assert figures.kind is kind


@pytest.mark.parametrize(
    ("texts", "marks"), [(["4.43pct"], []), (["12", "-11倍"], [""]), (["20%", "15倍"], ["/"])]
)
def test_figures_that_make_no_sense(texts: list[str], marks: list[str]) -> None:
    assert read_figures(texts, marks) is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("2026Q1", ["2026Q1"]),
        ("26Q1", ["2026Q1"]),
        ("2026年第一季度", ["2026Q1"]),
        ("2026年一季报", ["2026Q1"]),
        ("2025年三季报", ["2025Q1-Q3"]),
        ("2025年前三季度", ["2025Q1-Q3"]),
        ("2025年1-6月", ["2025H1"]),
        ("1H25", ["2025H1"]),
        ("FY2025", ["2025"]),
        ("2026E", ["2026"]),
        ("2026-2028年", ["2026", "2027", "2028"]),
        ("26/27年", ["2026", "2027"]),
        ("上半年", ["2025H1"]),
        ("2028-2020年", []),
        ("1-5月", []),
    ],
)
def test_periods(text: str, codes: list[str]) -> None:
    assert [period.code for period in read_periods(text, THURSDAY)] == codes


def test_days() -> None:
    assert read_day("2026年4月28日", None) == date(2026, 4, 28)
    assert read_day("2026.04.28", None) == date(2026, 4, 28)
    assert read_day("12月30日", THURSDAY) == date(2025, 12, 30)
    assert read_day("12月30日", None) is None
    assert read_day("2026年2月30日", None) is None
