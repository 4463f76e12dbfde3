"""Which words in Latin letters may stand in Chinese."""

from __future__ import annotations

import pytest

from tests.support.latin import stray


@pytest.mark.parametrize(
    "text",
    [
        "没有名为 'copper' 的组合",
        "请运行 `screener data update --listing 300857.SZ`",
        "--hold 5,20,60 之后的 --entry close",
        "/home/x/w/baskets/copper.toml 的 events[2].listings",
        "市盈率 TTM、VWAP、10 MB、2026-05-14T19:48:00+08:00",
        "pe_ttm 与 run_id",
        "第 12 行不是 UTF-8 文本",
    ],
)
def test_ids_options_paths_and_units_may_stand(text: str) -> None:
    assert not stray(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("没有 basket 'copper'", ["basket"]),
        ("原因：no bars in the tables", ["no", "bars", "in", "the", "tables"]),
        ("PENDING：尚未到期", ["PENDING"]),
        ("--hold 5 is empty", ["is", "empty"]),
        ("copper 没有名单", ["copper"]),
    ],
)
def test_english_may_not(text: str, words: list[str]) -> None:
    assert stray(text) == words


def test_what_is_named_may_stand() -> None:
    assert not stray("copper 没有名单", own=["copper"])
