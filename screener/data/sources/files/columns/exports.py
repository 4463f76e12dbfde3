"""Known exports of vendors: told by headers that they alone have together.

Headers are written as `units.normal_header` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from screener.data.sources.files.columns.layouts import Rule
from screener.data.sources.files.request import ImportKind
from screener.language import say

__all__ = ["LAYOUTS", "NOT_OURS", "Layout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A known export: told by headers that it alone has together."""

    name: str
    kinds: frozenset[ImportKind]
    signature: tuple[str, ...]
    rules: tuple[Rule, ...]


_PER_TEN = say("per 10 shares")

NOT_OURS: dict[str, str] = {
    **dict.fromkeys(
        ("市盈率(动)", "市盈率(动态)", "市盈率-动态", "动态市盈率", "市盈(动)", "市盈率动"),
        say("on profits made annual, neither pe_ttm nor pe_static"),
    ),
    **dict.fromkeys(
        ("adjclose", "adj_close"), say("adjusted; import it by --map with --basis adjusted")
    ),
}
"""Headers that look like a field and are none, and why."""

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="akshare stock_rank_forecast_cninfo",
        kinds=frozenset({ImportKind.RATINGS}),
        signature=("研究机构简称", "投资评级", "是否首次评级"),
        rules=(
            Rule(
                field="rating",
                headers=("投资评级",),
                unit=say("in the vendor's words"),
                vendor="cninfo",
            ),
        ),
    ),
    Layout(
        name="tushare daily",
        kinds=frozenset({ImportKind.BARS, ImportKind.INDEX}),
        signature=("ts_code", "trade_date", "vol"),
        rules=(
            Rule(
                field="volume",
                headers=("vol",),
                scale=100.0,
                hong_kong=1.0,
                unit=say("in lots of 100 shares (shares for Hong Kong)"),
            ),
            Rule(
                field="amount",
                headers=("amount",),
                scale=1e3,
                hong_kong=1.0,
                unit=say("in 1,000 (千元; single for Hong Kong)"),
            ),
        ),
    ),
    Layout(
        name="akshare stock_zh_a_daily",
        kinds=frozenset({ImportKind.BARS}),
        signature=("outstanding_share", "turnover"),
        rules=(Rule(field="turnover_rate", headers=("turnover",)),),
    ),
    Layout(
        name="csindex daily",
        kinds=frozenset({ImportKind.INDEX}),
        signature=("指数代码", "样本数量", "滚动市盈率"),
        rules=(
            Rule(field="volume", headers=("成交量",), scale=1e6, unit=say("in 10,000 lots (万手)")),
            Rule(
                field="amount", headers=("成交金额",), scale=1e8, unit=say("in 100,000,000 (亿元)")
            ),
        ),
    ),
    Layout(
        name="tushare daily_basic",
        kinds=frozenset({ImportKind.VALUATION}),
        signature=("ts_code", "total_mv"),
        rules=(
            Rule(field="pe_static", headers=("pe",), unit=say("on the last annual profit")),
            Rule(field="pe_ttm", headers=("pe_ttm",)),
            Rule(field="ps_ttm", headers=("ps_ttm",)),
        ),
    ),
    Layout(
        name="akshare stock_value_em",
        kinds=frozenset({ImportKind.VALUATION}),
        signature=("数据日期", "pe(ttm)", "市净率"),
        rules=(
            Rule(field="ps_ttm", headers=("市销率",), unit=say("trailing twelve months")),
            Rule(field="pcf_ttm", headers=("市现率",), unit=say("operating cash flow")),
        ),
    ),
    Layout(
        name="akshare stock_fhps_detail_em",
        kinds=frozenset({ImportKind.ACTIONS}),
        signature=("送转股份-送转总比例", "现金分红-现金分红比例"),
        rules=(
            Rule(field="cash", headers=("现金分红-现金分红比例",), scale=0.1, unit=_PER_TEN),
            Rule(field="bonus", headers=("送转股份-送转总比例",), scale=0.1, unit=_PER_TEN),
            Rule(field="announced", headers=("预案公告日",)),
        ),
    ),
    Layout(
        name="akshare stock_dividend_cninfo",
        kinds=frozenset({ImportKind.ACTIONS}),
        signature=("送股比例", "转增比例", "派息比例"),
        rules=(
            Rule(field="cash", headers=("派息比例",), scale=0.1, unit=_PER_TEN),
            Rule(field="bonus_shares", headers=("送股比例",), scale=0.1, unit=_PER_TEN),
            Rule(field="transfer_shares", headers=("转增比例",), scale=0.1, unit=_PER_TEN),
            Rule(field="announced", headers=("实施方案公告日期",)),
        ),
    ),
    Layout(
        name="akshare stock_history_dividend_detail",
        kinds=frozenset({ImportKind.ACTIONS}),
        signature=("送股", "转增", "派息"),
        rules=(
            Rule(field="cash", headers=("派息",), scale=0.1, unit=_PER_TEN),
            Rule(field="bonus_shares", headers=("送股",), scale=0.1, unit=_PER_TEN),
            Rule(field="transfer_shares", headers=("转增",), scale=0.1, unit=_PER_TEN),
        ),
    ),
    Layout(
        name="akshare stock_history_dividend_detail (rights)",
        kinds=frozenset({ImportKind.ACTIONS}),
        signature=("配股方案", "配股价格"),
        rules=(
            Rule(field="rights", headers=("配股方案",), scale=0.1, unit=_PER_TEN),
            Rule(field="rights_price", headers=("配股价格",)),
        ),
    ),
    Layout(
        name="tushare dividend",
        kinds=frozenset({ImportKind.ACTIONS}),
        signature=("ts_code", "cash_div_tax", "stk_div"),
        rules=(
            Rule(field="cash", headers=("cash_div_tax",), unit=say("before tax")),
            Rule(field="bonus", headers=("stk_div",)),
        ),
    ),
)
"""Known exports, the first that fits wins."""
