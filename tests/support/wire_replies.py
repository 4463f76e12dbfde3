"""The smallest replies that akshare's parsers accept, one set for each function we use."""

from __future__ import annotations

import io
from dataclasses import dataclass
from http.client import RemoteDisconnected
from typing import Any

import pandas as pd
import requests
from urllib3.exceptions import ProtocolError

from screener.data.sources.online.transport.protocol import Call

# Three sessions from 2024-01-02, packed as Sina packs them; made with an encoder of the format
# that akshare's own decoder reads back as 10.25, 10.5 and 10.75.
SINA_A = (
    "K2/7vvvf/+3MyLE6DAAAAAgMAAkBAQGAAA6DAAgJAAAAQPk8CAAAAyAAIDAAZAAAoPAAAWCAAAA9UyLAAAAIDAgMAAkBA"
    "Awg///7DAAAAMA"
)
SINA_HK = (
    "HX/DAAAbgRj8C/9QcCA0HAA0HAA6DAAoPAAAgRk8C/9AAAA0HAA6DAA6DAAoPAAAgRl8C/9AAAA0HAA6DAA6DAAM4///"
)
SINA_SESSIONS = "LC/j8Cl8CfDA"

KLINES = {
    "data": {
        "klines": [
            "2024-01-02,10.00,10.25,10.50,9.50,10,10100,10.0,2.5,0.25,0.1",
            "2024-01-03,10.25,10.50,10.75,10.00,20,20900,7.3,2.4,0.25,0.2",
        ]
    }
}
# Thirty-one keys in this order: the wrapper names the columns by their place.
SPOT_KEYS = (
    *(f"f{number}" for number in range(1, 19)),
    *("f20", "f21", "f22", "f23", "f24", "f25", "f62", "f115", "f128", "f140", "f141"),
    *("f136", "f152"),
)
SPOT = {"data": {"total": 1, "diff": [{**dict.fromkeys(SPOT_KEYS, 1.5), "f12": "000001"}]}}
VALUES = {
    "result": {
        "data": [
            {
                "TRADE_DATE": "2024-01-02 00:00:00",
                "CLOSE_PRICE": 10.25,
                "CHANGE_RATE": 2.5,
                "TOTAL_MARKET_CAP": 1.0e9,
                "NOTLIMITED_MARKETCAP_A": 9.0e8,
                "TOTAL_SHARES": 1e8,
                "FREE_SHARES_A": 9e7,
                "PE_TTM": 12.0,
                "PE_LAR": 13.0,
                "PB_MRQ": 1.5,
                "PEG_CAR": 1.0,
                "PCF_OCF_TTM": 8.0,
                "PS_TTM": 2.0,
            }
        ]
    }
}
BAIDU = {
    "Result": [
        {
            "DisplayData": {
                "resultData": {
                    "tplData": {"result": {"chartInfo": [{"body": [["2024-01-02", "12.5"]]}]}}
                }
            }
        }
    ]
}
SSE = {
    "result": [
        {
            "A_STOCK_CODE": "600001",
            "B_STOCK_CODE": "-",
            "SEC_NAME_CN": "甲",
            "SEC_NAME_FULL": "甲股份",
            "COMPANY_ABBR": "甲",
            "FULL_NAME": "甲股份有限公司",
            "LIST_DATE": "20000104",
        }
    ]
}
CNINFO = {
    "records": [
        {
            "F001V": "2023年报",
            "F006D": "2024-05-10",
            "F007V": "10派5元",
            "F010N": None,
            "F011N": None,
            "F012N": 5.0,
            "F018D": "2024-05-16",
            "F020D": "2024-05-17",
            "F023D": "2024-05-17",
            "F025D": None,
            "F044V": "年度分红",
        }
    ]
}
BOC = """<html><head><title>x</title></head><body><select id="money_code">
<option value="EUR">欧元</option><option value="HKD">港币</option></select><table>
<tr><th>日期</th><th>中行汇买价</th><th>中行钞买价</th><th>中行钞卖价/汇卖价</th>
<th>央行中间价</th><th>中行折算价</th></tr>
<tr><td>2024-01-02</td><td>90.6</td><td>90.6</td><td>91.0</td><td>90.72</td><td>90.72</td></tr>
</table></body></html>"""
WEB_PAGE = "<!DOCTYPE html><html><body>访问过于频繁</body></html>"


def pages_of(width: int) -> dict[str, Any]:
    """A table of the data centre, one page, one row of so many columns."""
    row = {f"C{column:02d}": "2024-01-02" for column in range(width)}
    return {"result": {"pages": 1, "data": [row]}}


def spreadsheet() -> bytes:
    row = {
        "板块": "主板",
        "A股代码": "000001",
        "A股简称": "甲",
        "A股上市日期": "1991-04-03",
        "A股总股本": "1,000",
        "A股流通股本": "900",
        "所属行业": "J 金融业",
    }
    content = io.BytesIO()
    pd.DataFrame([row] * 12).to_excel(content, index=False)
    return content.getvalue()


def tencent_year(year: int) -> str:
    rows = f'["{year}-01-02","10.00","10.25","10.50","9.50","10.000",{{}},"0.10","1.01",""]'
    return f'kline_day{year}={{"code":0,"data":{{"sz000001":{{"day":[{rows}]}}}}}}'


@dataclass(frozen=True)
class Case:
    """A call, the replies that make it succeed, and which of them is to fail."""

    name: str
    call: Call
    replies: dict[str, Any]
    failing: str
    group: str
    changed: Any = None

    def __str__(self) -> str:
        return self.name

    @property
    def good(self) -> Any:
        """The reply that is to fail, as it should be."""
        return self.replies.get(self.failing, next(iter(self.replies.values())))


def _case(
    function: str, fragment: str, reply: Any, group: str, *, changed: Any = None, **arguments: Any
) -> Case:
    call = Call(function=function, arguments=arguments)
    return Case(function, call, {fragment: reply}, fragment, group, changed)


SINA_DAILY = {
    "klc_kl.js": f'var KLC_KL_sz000001="{SINA_A}";',
    "KKE_ShareAmount": 'var KKE_ShareAmount_sz000001=([{date:"2023-12-29",amount:"100.5"}]);',
}
SINA_HFQ = 'var f={"total":2,"data":[{"d":"2024-01-03","f":"1.1"},{"d":"1900-01-01","f":"1.0"}]}\n'
TENCENT = {
    "weekTrends": 'trend_qfq={"code":0,"data":[["2023-01-06","0.1"]]}',
    "newfqkline": lambda sent: tencent_year(int(sent.query["_var"][-4:])),
}
DAILY = Call(function="stock_zh_a_daily", arguments={"symbol": "sz000001"})
YEARS = Call(
    function="stock_zh_a_hist_tx",
    arguments={"symbol": "sz000001", "start_date": "2023-01-01", "end_date": "2024-12-31"},
)
SHORT_KLINES = {"data": {"klines": ["2024-01-02,10.00,10.25"]}}
UNKNOWN_KEYS = {"result": {"data": [{"X": 1}]}, "records": [{"X": 1}]}

REPORTS = {
    "TotalPage": 1,
    "currentYear": 2026,
    "data": [
        {
            **dict.fromkeys(
                (
                    *("title", "stockName", "stockCode", "orgSName", "infoCode", "emRatingName"),
                    *("indvInduName", "predictThisYearEps", "predictThisYearPe"),
                    *("predictNextYearEps", "predictNextYearPe"),
                    *("predictNextTwoYearEps", "predictNextTwoYearPe"),
                ),
                "1",
            ),
            "publishDate": "2026-05-14 00:00:00.000",
            "count": 1,
        }
    ],
}

CASES = (
    _case(
        "stock_zh_a_hist",
        "push2his",
        KLINES,
        "eastmoney_quotes",
        changed=SHORT_KLINES,
        symbol="000001",
    ),
    _case(
        "stock_hk_hist",
        "33.push2his",
        KLINES,
        "eastmoney_quotes",
        changed=SHORT_KLINES,
        symbol="00700",
    ),
    Case("stock_zh_a_daily", DAILY, SINA_DAILY, "klc_kl.js", "sina"),
    Case("stock_zh_a_daily, shares", DAILY, SINA_DAILY, "KKE_ShareAmount", "sina"),
    _case(
        "stock_zh_a_daily",
        "hfq.js",
        SINA_HFQ,
        "sina",
        changed='var f={"total":1,"data":[{"d":"2024-01-03"}]}\n',
        symbol="sz000001",
        adjust="hfq-factor",
    ),
    _case("stock_hk_daily", "klc2_kl.js", f'var k="{SINA_HK}";', "sina", symbol="00700"),
    Case("stock_zh_a_hist_tx, first year", YEARS, TENCENT, "gtimg", "tencent"),
    Case("stock_zh_a_hist_tx", YEARS, TENCENT, "newfqkline", "tencent"),
    _case(
        "stock_value_em",
        "datacenter-web",
        VALUES,
        "eastmoney_tables",
        changed=UNKNOWN_KEYS,
        symbol="000001",
    ),
    _case("stock_zh_a_spot_em", "82.push2", SPOT, "eastmoney_lists"),
    _case("stock_hk_spot_em", "72.push2", SPOT, "eastmoney_lists"),
    _case("stock_zh_valuation_baidu", "gushitong", BAIDU, "baidu", symbol="000001"),
    _case("tool_trade_date_hist_sina", "klc_td_sh", f'var datelist="{SINA_SESSIONS}";', "sina"),
    _case("stock_info_sh_name_code", "query.sse", SSE, "sse", changed=UNKNOWN_KEYS),
    _case("stock_info_sz_name_code", "www.szse", spreadsheet(), "szse"),
    _case(
        "stock_fhps_detail_em",
        "datacenter-web",
        pages_of(30),
        "eastmoney_tables",
        changed=pages_of(31),
        symbol="000001",
    ),
    _case(
        "stock_tfp_em",
        "datacenter-web",
        pages_of(12),
        "eastmoney_tables",
        changed=pages_of(13),
        date="20240102",
    ),
    _case(
        "currency_boc_sina",
        "biz.finance.sina",
        BOC.encode("gbk"),
        "sina",
        changed=BOC.replace("<th>央行中间价</th>", "")
        .replace("<td>90.72</td>", "", 1)
        .encode("gbk"),
        symbol="港币",
        start_date="20240101",
        end_date="20240103",
    ),
    _case("stock_zh_index_daily", "sh000300", f'var k="{SINA_HK}";', "sina", symbol="sh000300"),
    _case("stock_hk_index_daily_sina", "HSI", f'var k="{SINA_HK}";', "sina", symbol="HSI"),
    _case(
        "stock_dividend_cninfo",
        "webapi.cninfo",
        CNINFO,
        "cninfo",
        changed=UNKNOWN_KEYS,
        symbol="000001",
    ),
    _case(
        "stock_rank_forecast_cninfo",
        "p_sysapi1089",
        {"records": [dict.fromkeys(map(str, range(11)), "x")]},
        "cninfo",
        changed=UNKNOWN_KEYS,
        date="20260514",
    ),
    _case(
        "stock_research_report_em",
        "reportapi",
        REPORTS,
        "eastmoney_tables",
        changed={**REPORTS, "data": [{"title": "x"}]},
        symbol="000001",
    ),
)

NOTHING = {"data": None, "result": None, "records": None, "Result": None}
NO_ROWS: dict[str, list[object]] = {"data": [], "result": [], "records": [], "Result": []}


def dropped() -> requests.exceptions.ConnectionError:
    cause = RemoteDisconnected("Remote end closed connection without response")
    return requests.exceptions.ConnectionError(ProtocolError("Connection aborted.", cause))
