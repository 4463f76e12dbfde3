"""One written form of a text: what is left out, what is folded, and the way back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.reports.text.text import Place, clean_name, make_text
from screener.reports.text.vocabulary import WordList, alternatives
from tests.support.laws import laws


@pytest.mark.parametrize(
    ("printed", "clean"),
    [
        ("華測(cè)檢測(cè)", "华测检测"),
        ("天風(fēng)證券", "天风证券"),
        ("開(kāi)源證券對雙匯發(fā)展", "开源证券对双汇发展"),
        ("華創(chuàng )證券", "华创证券"),
        ("得(de)", "得"),
    ],
)
def test_how_a_character_is_read_is_left_out(printed: str, clean: str) -> None:
    assert make_text(printed).clean == clean


@pytest.mark.parametrize("printed", ["股(A)", "股(ab)", "測(xyz)", "利(tom)", "A(a)", "(cè)"])
def test_other_letters_in_a_bracket_stay(printed: str) -> None:
    assert len(make_text(printed).clean) == len(printed)


def test_what_is_left_out_is_still_printed() -> None:
    text = make_text("華測(cè)檢測(cè)股價")
    assert text.printed(Place(0, 4)) == "華測(cè)檢測"


@pytest.mark.parametrize("stroke", ["丨", "│", "｜", "┃", "∣"])
def test_strokes_between_cells_are_one(stroke: str) -> None:
    assert make_text(f"甲{stroke}乙").clean == "甲|乙"


_LETTERS = "甲乙丙A1-"


@laws(60)
@given(
    st.lists(st.text(_LETTERS, min_size=1, max_size=4), min_size=1, max_size=8),
    st.text(_LETTERS, max_size=40),
)
def test_words_are_found_as_one_expression_finds_them(words: list[str], text: str) -> None:
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    plain = re.compile("|".join(map(re.escape, longest_first)))
    expected = [(match[0], *match.span()) for match in plain.finditer(text)]
    assert WordList(words).find(text) == expected
    by_letters = re.compile(alternatives(words))
    assert [(match[0], *match.span()) for match in by_letters.finditer(text)] == expected


@laws(60)
@given(st.text("甲 \n\u3000１ａ軟\u200b「.(a)", max_size=60))
def test_each_character_is_the_form_of_the_one_that_it_leads_back_to(original: str) -> None:
    text = make_text(original)
    assert len(text.clean) == len(text.starts)
    assert list(text.starts) == sorted(set(text.starts))
    assert text.clean == "".join(clean_name(original[offset]) for offset in text.starts)
    left_out = set(range(len(original))) - set(text.starts)
    spoken = {at for m in re.finditer(r"[(（] ?a[)）]", original) for at in range(*m.span())}
    assert all(clean_name(original[offset]) == "" or offset in spoken for offset in left_out)
