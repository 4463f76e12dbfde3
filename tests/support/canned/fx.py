"""Replies with the central parity: the Bank of China's pages at Sina, and Eastmoney's series."""

from __future__ import annotations

from datetime import date
from typing import Any

from screener.data.lake.schema import TableName
from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

PAGE = 100
CURRENCIES = {"EUR": "欧元", "HKD": "港币", "USD": "美元"}
HEADER = ("日期", "中行汇买价", "中行钞买价", "中行钞卖价/汇卖价", "央行中间价", "中行折算价")

Rates = list[tuple[date, float]]


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for HKDCNY on mainland sessions, the days that have a fixing."""
    rates = fixings(market)
    router.add("biz.finance.sina.com.cn/forex/forex.php", lambda sent: _boc(rates, sent))
    router.add("secid=120.HKDCNYC", lambda _: _eastmoney(rates))


def fixings(market: CannedMarket) -> Rates:
    """Return the market's rates of mainland sessions."""
    calendar = calendar_of(Exchange.SH)
    return [
        (row["session"], row["rate"])
        for row in market.tables[TableName.FX].to_pylist()
        if calendar.is_session(row["session"])
    ]


def _boc(rates: Rates, sent: Sent) -> str | bytes:
    if "call_type" not in sent.query:
        options = "".join(
            f'<option value="{key}">{name}</option>' for key, name in CURRENCIES.items()
        )
        return f'<html><select id="money_code">{options}</select></html>'.encode("gbk")
    if sent.query["money_code"] != "HKD":
        return "<html><body></body></html>"
    start, end = sent.query["startdate"], sent.query["enddate"]
    asked = [item for item in reversed(rates) if start <= item[0].isoformat() <= end]
    n_pages = -(-len(asked) // PAGE)
    first = (int(sent.query["page"]) - 1) * PAGE
    return _page(asked[first : first + PAGE], n_pages)


def _page(rates: Rates, n_pages: int) -> str:
    lines = [(day.isoformat(), *_quotes(rate)) for day, rate in rates]
    body = "".join(f"<tr>{_cells(line, 'td')}</tr>" for line in lines)
    numbers = [*(str(number + 1) for number in range(n_pages)), "下一页"]
    links = "".join(f'<a class="page" href="#">{text}</a>' for text in numbers)
    table = f"<table><tr>{_cells(HEADER, 'th')}</tr>{body}</table>"
    return f"<html><body>{table}{links if n_pages > 1 else ''}</body></html>"


def _quotes(rate: float) -> tuple[str, ...]:
    return tuple(f"{rate * 100 * part:.6g}" for part in (0.997, 0.99, 1.001, 1, 1))


def _cells(values: tuple[str, ...], tag: str) -> str:
    return "".join(f"<{tag}>{value}</{tag}>" for value in values)


def _eastmoney(rates: Rates) -> dict[str, Any]:
    lines = [
        ",".join([day.isoformat(), *([f"{rate:.6g}"] * 4), *(["0"] * 9)]) for day, rate in rates
    ]
    return {"data": {"code": "HKDCNYC", "name": "港元人民币中间价", "klines": lines}}
