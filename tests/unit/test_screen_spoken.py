"""A predicate in Chinese means what its SQL means, and SQL stays as it is."""

import pytest

from screener.screen.grammar import Refused
from screener.screen.query import parse_predicate, run_predicate
from screener.screen.spoken import as_sql
from tests.unit.test_screen_query import ROWS


@pytest.mark.parametrize(
    ("spoken", "sql"),
    [
        ("市盈率TTM < 20 and 市净率 < 2.5", "pe_ttm < 20 AND pb < 2.5"),
        ("市盈率（ TTM ）＜１０ 且 市净率≤2.5", "pe_ttm < 10 AND pb <= 2.5"),
        ("非（市净率 大于 1 或 滚动市盈率 高于 20 倍）", "NOT (pb > 1 OR pe_ttm > 20)"),
        ("总市值 不低于 20亿 且 总市值 不高于 30亿元", "market_cap >= 2e9 AND market_cap <= 3e9"),
        ("总市值 ＝ 0.2百亿", "market_cap = 2e9"),
        ("市净率 介于 2 和 3 之间", "pb BETWEEN 2 AND 3"),
        ("市净率 为空 或者 市净率 少于 1", "pb IS NULL OR pb < 1"),
        ("市净率 不为空 并且 市净率 不等于 2", "pb IS NOT NULL AND pb <> 2"),
        ("名称 包含 “银行”", "name LIKE '%银行%'"),
        ("名称 不包含 'ST'", "name NOT LIKE '%ST%'"),
        ("名称 是 「万科A」", "name = '万科A'"),
        ("代码 属于（'000000.SZ'，'000003.SZ'）", "listing IN ('000000.SZ', '000003.SZ')"),
        ("市净率 乘以 2 大于 3", "pb * 2 > 3"),
        ("市净率＊２≥4", "pb * 2 >= 4"),
        ("pb > 150% 且 pb < 1000％", "pb > 1.5 AND pb < 10"),
        ("market_cap % 2e9 = 0 AND 7 % 4 = 3", "market_cap % 2e9 = 0 AND 7 % 4 = 3"),
        ("总市值 > 10亿 * 2", "market_cap > 1e9 * 2"),
        ("市净率 > 1 -- 市赢率", "pb > 1"),
    ],
)
def test_chinese_means_its_sql(spoken, sql):
    found = parse_predicate(spoken)
    assert run_predicate(found, ROWS) == run_predicate(parse_predicate(sql), ROWS)
    assert found.columns == parse_predicate(sql).columns
    assert found.text == spoken


@pytest.mark.parametrize(
    "text",
    [
        "pb < 2.5 AND NOT pe_ttm > 1e3",
        "name LIKE '%银行％且%' OR name = '20亿'",
        "CASE WHEN pb > 2 THEN false ELSE true END",
        '"pb" > 1 /* 市净率 20亿 */ -- 且',
        "round(market_cap / 1e9, 0) * 2 = 4",
    ],
)
def test_sql_stays_as_it_is(text):
    assert as_sql(text) == text


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("市赢率 < 20", "市赢率 is neither a field nor an operator; did you mean"),
        ("市盈率 < 20", "市盈率 is neither.*did you mean 市盈率"),
        ("市净率 远小于 20", "远小于 is neither"),
        ("股息率 > 3% + 1", "3% may be a percentage or a division"),
        ("名称 包含 '%银%'", "holds a wildcard"),
    ],
)
def test_what_is_not_understood_is_told(text, match):
    with pytest.raises(Refused, match=match):
        as_sql(text)
