"""Sina's replies: the web page of a share's distributions and rights issues."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from screener.data.lake.schema import TableName
from tests.support.canned.cninfo import mainland, per_ten, split_bonus
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

_TABLES_BEFORE = 12
_NONE = "暂时没有数据！"
_DIVIDENDS = (
    "<tr><th colspan=9>分红</th></tr>"
    "<tr><th rowspan=2>公告日期</th><th colspan=3>分红方案(每10股)</th><th rowspan=2>进度</th>"
    "<th rowspan=2>除权除息日</th><th rowspan=2>股权登记日</th><th rowspan=2>红股上市日</th>"
    "<th rowspan=2>查看详细</th></tr>"
    "<tr><th>送股(股)</th><th>转增(股)</th><th>派息(税前)(元)</th></tr>"
)
_RIGHTS = (
    "<tr><th colspan=11>配股</th></tr>"
    "<tr><th>公告日期</th><th>配股方案(每10股配股股数)</th><th>配股价格(元)</th><th>基准股本</th>"
    "<th>除权日</th><th>股权登记日</th><th>缴款起始日</th><th>缴款终止日</th><th>配股上市日</th>"
    "<th>募集资金合计(元)</th><th>查看详细</th></tr>"
)


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the mainland's shares; nobody has issued rights."""
    known = mainland(market)

    def answer(sent: Sent) -> str:
        found = re.search(r"stockid/(\d{6})\.phtml", sent.url)
        listing = known.get(found[1]) if found else None
        rows = [] if listing is None else market.rows(TableName.ACTIONS, listing.id)
        return page([dividend(row) for row in rows])

    router.add("vip.stock.finance.sina.com.cn/corp/go.php/vISSUE_ShareBonus", answer)


def page(dividends: Sequence[Sequence[Any]], rights: Sequence[Sequence[Any]] = ()) -> str:
    """The page with its tables; an empty one says so."""
    before = "<table><tr><td>导航</td></tr></table>" * _TABLES_BEFORE
    tables = _table(_DIVIDENDS, dividends, 9) + _table(_RIGHTS, rights, 11)
    return f"<html><head><title>分红配股</title></head><body>{before}{tables}</body></html>"


def dividend(row: dict[str, Any], state: str = "实施") -> tuple[Any, ...]:
    """A row of the first table."""
    given, converted = split_bonus(row["bonus"])
    listed = row["ex_session"] if row["bonus"] else "--"
    cash = per_ten(row["cash"])
    days = row["ex_session"], row["record_date"], listed
    return row["announced"], given or 0, converted or 0, cash or 0, state, *days, "查看"


def _table(head: str, rows: Sequence[Sequence[Any]], width: int) -> str:
    body = "".join(_row(row) for row in rows) or f"<tr><td colspan={width}>{_NONE}</td></tr>"
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _row(cells: Iterable[Any]) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
