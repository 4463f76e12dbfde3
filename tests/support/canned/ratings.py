"""Ratings as Eastmoney's report list and cninfo's list of a day tell them."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

Row = dict[str, Any]

REPORTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("300857", "2026-05-14", "中邮证券", "买入", "存储与算力"),
    ("300857", "2026-03-02", "国金证券", "增持", "年报点评"),
    ("300857", "2026-03-02", "国金证券", "", "调研纪要"),
    ("601899", "2026-05-12", "银河证券", "买入", "铜矿短缺"),
)
"""Code, day, broker, rating and title."""


def serve(router: Router, market: CannedMarket) -> None:
    """Answer with the reports above, whatever the market."""
    del market
    router.add("reportapi.eastmoney.com/report/list", _reports)
    router.add("webapi.cninfo.com.cn/api/sysapi/p_sysapi1089", _day)


def report(code: str, day: str, broker: str, rating: str, title: str) -> Row:
    """Return one report of Eastmoney's list, with the fields that akshare takes."""
    return {
        "title": title,
        "stockName": f"样本{code}",
        "stockCode": code,
        "orgCode": "80000001",
        "orgName": f"{broker}股份有限公司",
        "orgSName": broker,
        "publishDate": f"{day} 00:00:00.000",
        "infoCode": f"AP{day.replace('-', '')}{code}",
        "predictThisYearEps": "1.5",
        "predictThisYearPe": "20",
        "predictNextYearEps": "",
        "predictNextYearPe": "",
        "predictNextTwoYearEps": "",
        "predictNextTwoYearPe": "",
        "indvInduName": "通信设备",
        "emRatingName": rating,
        "count": 3,
    }


def rated(code: str, day: str, broker: str, rating: str, analysts: str, **changes: Any) -> Row:
    """Return one record of cninfo's list: 11 fields whose order alone tells what they are."""
    return {
        "SECNAME": f"样本{code}",
        "DECLAREDATE": day,
        "F005V": None,
        "F006V": "维持",
        "F009N": changes.get("high"),
        "F008V": changes.get("first", "否"),
        "F004V": rating,
        "F003V": analysts,
        "F002V": broker,
        "F007N": changes.get("low"),
        "SECCODE": code,
    }


def _reports(sent: Sent) -> Row:
    rows = [report(*item) for item in REPORTS if item[0] == sent.query["code"]]
    return {"hits": len(rows), "size": 5000, "data": rows, "TotalPage": 1, "currentYear": 2026}


def _day(sent: Sent) -> Row:
    day = date.fromisoformat(sent.query["tdate"])
    rows = [
        rated(code, when, broker, rating, "甲,乙", low=12.5, high=15.0, first="是")
        for code, when, broker, rating, _ in REPORTS
        if rating and when == day.isoformat()
    ]
    return {"resultcode": 200, "total": len(rows), "records": rows}
