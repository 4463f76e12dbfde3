"""Shenwan Research's replies: the history of an industry's index, told as that of the market."""

from __future__ import annotations

from functools import cache
from typing import Any

from screener.market.industries import industry_indices
from tests.support.canned.exchanges import sheet
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

TOLD_AS = "000300.SH"
"""Index of the simulated market whose bars stand for those of every industry."""


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the indices of the first level; others have no rows."""
    known = {item.listing.code for item in industry_indices()}

    @cache
    def rows() -> list[dict[str, Any]]:
        return [_row(row) for row in market.traded(TOLD_AS)]

    def trend(sent: Sent) -> dict[str, Any]:
        code = sent.query["swindexcode"]
        found = [{"swindexcode": code, **row} for row in rows()] if code in known else []
        return {"code": 200, "data": found}

    router.add("www.swsresearch.com/institute-sw/api/index_publish/trend", trend)
    router.add("swindex/pdf/SwClass2021/StockClassifyUse_stock.xls", lambda _: _workbook())


CHANGES = (
    ("000630", "1996-11-20", "240201"),
    ("000630", "2021-07-30", "240301"),
    ("300857", "2012-07-27", "710301"),
    ("300857", "2021-07-30", "710101"),
    ("601899", "2008-04-25", "240401"),
    ("688256", "2020-07-20", "270101"),
    ("688256", "2021-07-30", "270104"),
    ("600000", "1999-11-10", "440101"),
    ("600000", "2014-01-01", "480101"),
    ("600000", "2021-07-30", "480301"),
    ("900901", "1992-02-21", "260101"),
)
"""Code, day and industry code; the rest of the file is of shares that no market here has."""
N_ROWS = 5010


@cache
def _workbook() -> bytes:
    header = ("股票代码", "计入日期", "行业代码", "更新日期")
    others = (f"{603000 + place:06d}" for place in range(N_ROWS - len(CHANGES)))
    rows = [*CHANGES, *((code, "2021-07-30", "480301") for code in others)]
    return sheet(header, ((code, day, industry, "2021-07-31") for code, day, industry in rows))


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "bargaindate": f"{row['session']:%Y-%m-%d}",
        "openindex": row["open"],
        "maxindex": row["high"],
        "minindex": row["low"],
        "closeindex": row["close"],
        "hike": 0.0,
        "markup": 0.0,
        "bargainamount": 1.5,
        "bargainsum": 20.0,
    }
