"""What is stored in English, told in the reader's language; names of tables and columns."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.doctor import Check, Severity
from screener.data.doctor.repair import Method
from screener.data.lake.comparison import Change
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.sources.files import ImportKind
from screener.data.sources.files.columns.layouts import FIELDS, Form
from screener.data.sources.files.columns.units import Measure
from screener.data.sources.online.transport.errors import Trouble
from screener.data.sources.online.transport.protocol import Need
from screener.data.validation.context import kept
from screener.data.validation.price_jumps import Cause, bad_tick, in_words
from screener.data.validation.row_checks import missing_fault, price_faults
from screener.data.validation.sense import NUMBERS, days_beyond
from screener.domain.listing import Board
from screener.language import Language, again, in_english, say, speaking
from screener.language.lists import clauses
from screener.language.stored import retold
from screener.language.terms import named
from tests.support.latin import stray
from tests.support.laws import laws

OLD = {
    "kept: close 11.2 is beyond the limit of ±10% around 10: unexplained": (
        "存疑保留：收盘价11.2超出10上下±10%的涨跌幅限制：原因不明"
    ),
    "a move of -31.9% is beyond the limit of ±30%: missed split 1.4×": (
        "变动-31.9%超出±30%的涨跌幅限制：漏记的拆股送转，1.4倍"
    ),
    "bad tick: close 15 moved +400% from 3, and the next close is back at 3.1": (
        "错价：收盘价15较3变动+400%，而次日收盘价已复原为3.1"
    ),
    "pe_ttm is missing": "缺少市盈率TTM",
    "hq.sinajs.cn refused the request, status 403": "hq.sinajs.cn 拒绝了请求、状态码 403",
    "cninfo says cash 0.267, rights 0.3 at 5, stored from sina nothing": (
        "cninfo 为每股派现0.267、每股配0.3股、配股价5，已存的 sina 为无"
    ),
}
"""Reasons as lakes of before hold them."""

WORDS = (
    *(TableName, ImportKind, Need, Basis, Board, Check, Severity, Change, Method, Form, Measure),
)


@pytest.mark.parametrize("english", OLD)
def test_a_reason_of_an_old_lake_is_told_in_chinese(english: str) -> None:
    assert retold(english) == english
    with speaking(Language.ZH):
        assert retold(english) == OLD[english]


@pytest.mark.parametrize("text", ["", "anything else", "600519.SH", "因子", "{name} of it", "a: b"])
def test_what_is_no_sentence_of_ours_stays(text: str) -> None:
    with speaking(Language.ZH):
        assert retold(text) == text


def test_what_was_said_in_this_run_stays() -> None:
    with speaking(Language.ZH):
        told = say("{name}: {text}", name="date in the future", text="bars")
        assert retold(told) is told


def reasons() -> Iterable[str]:
    """Yield reasons that the checks give, in the language of the moment."""
    import numpy as np

    none = np.zeros(1)
    yield from (fault.reason for fault in price_faults(none, none, none, none))
    yield from (missing_fault(none, name).reason for name in NUMBERS)
    yield from (bound.told(named(name)) for name, bound in NUMBERS.items())
    yield days_beyond("list_date", np.array(["2020-01-01"], dtype="datetime64[D]")).reason
    yield from (item.said("a.host.cn") for item in Trouble)
    yield from (in_words(cause, 1.4) for cause in Cause)


def test_every_reason_is_told_as_it_was_said() -> None:
    with speaking(Language.ZH):
        said = list(reasons())
        assert [retold(in_english(text)) for text in said] == said
        assert not [text for text in said if stray(text, ["a.host.cn"])]
    assert len(said) > 80
    assert not [text for text in map(in_english, said) if re.search("[\u4e00-\u9fff]", text)]


@laws(60)
@given(
    price=st.floats(0.01, 1e6),
    move=st.floats(-0.99, 100),
    cause=st.sampled_from(Cause),
    ratio=st.floats(0.01, 100),
    doubted=st.booleans(),
)
def test_sentences_within_sentences_are_told_as_they_were_said(
    price: float, move: float, cause: Cause, ratio: float, doubted: bool
) -> None:
    with speaking(Language.ZH):
        jump = say(
            "close {close:g} moved {move:+.0%} from {reference:.6g}",
            close=price,
            move=move,
            reference=price / 3,
        )
        why = say("{jump}: {cause}", jump=jump, cause=in_words(cause, ratio))
        back = say("and the next close is back at {close:g}", close=price)
        other = say("volume {volume:.12g} on a session recorded as suspended", volume=price)
        text = kept(clauses([why, other])) if doubted else bad_tick(jump, back)
        stored = in_english(text)
        assert stored.isprintable()
        assert retold(stored) == text


def test_names_are_said_in_the_language_of_the_moment() -> None:
    assert named(TableName.BARS) == "bars"
    with speaking(Language.ZH):
        name = named(TableName.BARS)
        assert name == "日线行情"
        assert in_english(name) == "bars"
    assert again(name) == "bars"
    assert type(in_english(name)) is str


def test_every_table_column_kind_and_need_has_a_name() -> None:
    words = {str(word) for words in WORDS for word in words}
    words |= {column.name for table in TABLES.values() for column in table.columns}
    words |= {field.name for fields in FIELDS.values() for field in fields}
    with speaking(Language.ZH):
        assert not {word for word in words if not re.search("[\u4e00-\u9fff]", named(word))}
