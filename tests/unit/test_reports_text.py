"""One written form of a text: what is left out, what is folded, and the way back."""

from __future__ import annotations

import pytest

from screener.reports.text.text import Place, make_text


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
