"""Laws of the publication date: line breaks and scripts mean nothing, today bounds everything.

One line means something: the one that a date has for itself.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import opencc
from hypothesis import assume, given
from hypothesis import strategies as st

from screener.domain.report import Moment, Publication
from screener.reports.dates.publication import publication_of
from screener.reports.text.text import make_text
from tests.support.laws import laws

TODAY = date(2026, 11, 21)
RULES = laws(80)
ALONE = re.compile(r"(?:^|\n)\s*\d[\d\s]*年[\d\s]*月[\d\s]*日(?: 19:48)?\s*(?:\n|$)")
TRADITIONAL = opencc.OpenCC("s2t")

DAYS = st.dates(date(2024, 1, 1), date(2026, 11, 10))
PIECES = st.sampled_from(
    [
        "公司{d}公告中标液冷订单。",
        "发布时间：{d} 19:48 液冷深度。",
        "报告日期：{d} 液冷点评。",
        "截至{d}收盘，公司市值120亿元。",
        "收盘价({d})35.2元。",
        "相关报告《液冷专题》{d}。",
        "本周（{d}）板块回顾。",
        "研报来源：东山证券，液冷专题。{d}。",
        "将于{d}召开大会。",
        "预计公布日期 通胀 {d} 就业 {d}。",
    ]
)


def written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


@st.composite
def texts(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(PIECES, min_size=1, max_size=5))
    return "".join(piece.replace("{d}", written(draw(DAYS))) for piece in pieces)


def tried(words: str, today: date = TODAY) -> Publication:
    return publication_of(make_text(words), file_name="", today=today)


@given(texts(), st.data())
@RULES
def test_line_breaks_change_nothing(words: str, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(words)), max_size=12, unique=True))
    broken = words
    for cut in sorted(cuts, reverse=True):
        broken = broken[:cut] + "\n" + broken[cut:]
    assume(not ALONE.search(broken))
    assert tried(broken) == tried(words)


@given(texts())
@RULES
def test_traditional_gives_the_same(words: str) -> None:
    assert tried(TRADITIONAL.convert(words)) == tried(words)


@given(texts(), DAYS)
@RULES
def test_nothing_lies_after_today(words: str, today: date) -> None:
    found = tried(words, today)
    if not found.known:
        return
    assert found.day <= today
    for moment in (found.range_start, found.range_end):
        assert moment is None or day_of(moment) <= today


def day_of(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


@given(
    texts(),
    st.integers(1, 300),
    st.sampled_from(
        [
            "公司将于{d}召开股东大会。",
            "公司计划于{d}投产二期。",
            "预计{d}完成交付。",
            "公司拟于{d}前完成扩产。",
            "财经日历：{d} 通胀数据。",
        ]
    ),
)
@RULES
def test_what_is_still_to_come_changes_nothing(words: str, ahead: int, later: str) -> None:
    day = date(2026, 1, 30) + timedelta(days=ahead)
    assert tried(words + later.replace("{d}", written(day))) == tried(words)
