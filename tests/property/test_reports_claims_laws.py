"""Laws of reading claims: what stands behind a text, breaks, borders and scripts change nothing."""

from __future__ import annotations

from datetime import date

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.report import Claim, Precision, Publication
from screener.reports.claims.facts import Facts, facts_in
from screener.reports.text.text import make_text
from tests.support.claim_sentences import (
    BAY,
    CASE,
    CASES,
    CELLS,
    FORECAST,
    HILL,
    ISLE,
    MAP,
    STAR,
    VALUATIONS,
    spotted,
)
from tests.support.laws import laws

DAY = Publication(value=date(2026, 5, 24), precision=Precision.DAY)
MOVERS = (
    f"机械行业周报。本周（5月18日-5月22日）依申万一级行业分类，机械板块涨跌幅为-0.97%。"
    f"本周{STAR}、{HILL}为涨幅前二公司，涨跌幅分别为+26.41%、+15.30%。"
    f"跌幅前二为{BAY}、{ISLE}，涨跌幅分别为-8.15%、-8.42%。"
)
TEXTS = (
    *(text if text.endswith("。") else f"{text}。" for text, _ in CASES),
    f"{STAR}（300901）目标价由27.80元上调至28.80元。{HILL}目标价30元。",
    f"{MAP}H股目标价45港元，A股目标价60元。港股{ISLE}目标价55元。",
    f"预计{STAR}2026-2027年归母净利润分别为1.5/2.1亿元，EPS分别为0.98\\1.27元。",
    MOVERS,
    CASE.format(3),
)
AFTER = (
    *TEXTS,
    "英伟达营收816亿元，同比增长85%。",
    "全球需求旺盛。",
    f"双周报。{BAY}、{HILL}、{STAR}。",
    "美元走强，恒生指数收涨，港股走强，每ADS目标价US$20。",
    "上周（05.11-05.15）走弱。",
    "申万机械指数跌2.21%。",
)


def facts(text: str) -> Facts:
    made = make_text(text)
    return facts_in(made, spotted(made.clean), published=DAY, reference=None)


def claims(text: str) -> list[Claim]:
    return [found.claim for found in facts(text).claims]


@given(st.sampled_from(TEXTS), st.lists(st.sampled_from(AFTER), min_size=1, max_size=4))
@laws(150)
def test_what_stands_behind_a_text_changes_no_claim_of_it(text: str, later: list[str]) -> None:
    end = len(make_text(text).clean)
    longer = facts(text + "".join(later))
    assert [one for one in longer.claims if one.place.end <= end] == list(facts(text).claims)


@pytest.mark.parametrize("later", AFTER[len(TEXTS) :])
def test_no_sentence_changes_a_text_before_it(later: str) -> None:
    for text in TEXTS:
        end = len(make_text(text).clean)
        before = [one for one in facts(text + later).claims if one.place.end <= end]
        assert before == list(facts(text).claims)


@given(st.sampled_from(TEXTS), st.data())
@laws(60)
def test_line_breaks_change_nothing(text: str, data: st.DataObject) -> None:
    at = data.draw(st.lists(st.integers(1, len(text)), max_size=4, unique=True))
    broken = text
    for place in sorted(at, reverse=True):
        broken = f"{broken[:place]}\r\n \u3000{broken[place:]}"
    assert claims(broken) == claims(text)


@given(st.sampled_from(TEXTS))
@laws(40)
def test_both_scripts_tell_the_same(text: str) -> None:
    assert claims(opencc.OpenCC("s2t").convert(text)) == claims(text)


TABLES = (VALUATIONS, CELLS, [row[1:] for row in CELLS], [[f"{STAR}（300901）"], *FORECAST])
BORDERS = (("", "\t", ""), ("", "|", ""), ("| ", " | ", " |"), ("|", "|", "|"), ("", " | ", ""))


@given(
    st.sampled_from(TABLES),
    st.sampled_from(BORDERS),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
    st.sampled_from(["", "\u3000", "  "]),
)
@laws(60)
def test_the_borders_of_a_table_change_nothing(
    rows: list[list[str]], border: tuple[str, str, str], end: str, pad: str
) -> None:
    first, between, last = border
    drawn = end.join(f"{first}{f'{pad}{between}{pad}'.join(row)}{last}" for row in rows)
    plain = "\n".join("\t".join(row) for row in rows)
    assert sorted(map(repr, claims(drawn))) == sorted(map(repr, claims(plain)))
    assert claims(drawn)
    assert facts(drawn).estimates == facts(plain).estimates
