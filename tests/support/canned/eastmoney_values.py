"""Eastmoney's replies: valuation by session, and reports invented from the listing's code."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pyarrow.compute as pc

from screener.data.lake.schema import TableName
from screener.domain.listing import Exchange, Listing
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

_QUARTERS = ((3, 31), (6, 30), (9, 30), (12, 31))
_DUE = {3: (0, 4, 30), 6: (0, 8, 31), 9: (0, 10, 31), 12: (1, 4, 30)}
_HK_KINDS = {6: "002", 12: "001"}


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for valuation and reports of the mainland, and reports of Hong Kong."""
    known = {item.code: item for item in market.listings}
    last = pc.max(market.tables[TableName.BARS]["session"]).as_py()
    first = pc.min(market.tables[TableName.BARS]["session"]).as_py()

    def valuation(sent: Sent) -> dict[str, Any]:
        listing = known.get(code_in(sent))
        rows = [] if listing is None else market.rows(TableName.VALUATION, listing.id)
        return _reply([_values(row) for row in reversed(rows)])

    def reports(sent: Sent) -> dict[str, Any]:
        listing = known.get(code_in(sent))
        return _reply([] if listing is None else mainland_reports(listing, first, last))

    def hk_reports(sent: Sent) -> dict[str, Any]:
        listing = known.get(code_in(sent))
        rows = [] if listing is None else hong_kong_reports(listing, first, last)
        if "DATE_TYPE_CODE" in sent.query["filter"]:
            rows = [row for row in rows if row["DATE_TYPE_CODE"] == "001"]
        return _reply(rows[: int(sent.query["pageSize"])])

    def currencies(sent: Sent) -> dict[str, Any]:
        listing = known.get(code_in(sent))
        rows = [] if listing is None else hong_kong_reports(listing, first, last)
        told = [{"REPORT_DATE": row["REPORT_DATE"], "CURRENCY": "人民币"} for row in rows]
        return _reply([{"REPORT_LIST": told}] if told else [])

    def sheets(kind: str) -> Callable[[Sent], dict[str, Any]]:
        def answer(sent: Sent) -> dict[str, Any]:
            listing = known.get(code_in(sent))
            return _reply([] if listing is None else statements(listing, kind, first, last))

        return answer

    for kind in ("BALANCE", "INCOME", "CASHFLOW"):
        router.add(f"RPT_F10_FINANCE_G{kind}", sheets(kind))
    router.add("RPT_VALUEANALYSIS_DET", valuation)
    router.add("RPT_F10_FINANCE_MAINFINADATA", reports)
    router.add("RPT_HKF10_FN_MAININDICATOR", hk_reports)
    router.add("RPT_CUSTOM_HKSK_APPFN_CASHFLOW_SUMMARY", currencies)


def code_in(sent: Sent) -> str:
    """The code that a filter names, without its suffix."""
    found = re.search(r"\"(\d{5,6})(?:\.[A-Z]{2})?\"", sent.query["filter"])
    return found[1] if found else ""


def mainland_reports(listing: Listing, first: date, last: date) -> list[dict[str, Any]]:
    """Reports that were out on a day, newest first; every fourth was changed later."""
    seed = int(listing.code)
    found = []
    for place, period in enumerate(_periods(first.year - 2, last.year)):
        years, month, day = _DUE[period.month]
        notice = date(period.year + years, month, day) - timedelta(days=1 + seed % 20)
        changed = notice + timedelta(days=90 if (place + seed) % 4 == 0 else 0)
        if notice <= last:
            found.append(_report(listing, period, notice, min(changed, last)))
    return found[::-1]


def hong_kong_reports(listing: Listing, first: date, last: date) -> list[dict[str, Any]]:
    """Half-year and annual reports that were out on a day, newest first."""
    found = []
    for period in _periods(first.year - 6, last.year):
        if period.month in _HK_KINDS and period + timedelta(days=80) <= last:
            share = (int(listing.code) % 97 + 3) / 10 + period.year - 2000
            found.append(
                {
                    "SECUCODE": listing.id,
                    "SECURITY_CODE": listing.code,
                    "REPORT_DATE": f"{period} 00:00:00",
                    "DATE_TYPE_CODE": _HK_KINDS[period.month],
                    "START_DATE": f"{period.year}-01-01 00:00:00",
                    "FISCAL_YEAR": "12-31",
                    "PER_NETCASH_OPERATE": 0.5,
                    "BPS": round(share * 5, 4),
                    "BASIC_EPS": round(share * period.month / 12, 4),
                    "OPERATE_INCOME": round(share * 1e9),
                    "HOLDER_PROFIT": round(share * 1e8),
                    "GROSS_PROFIT_RATIO": 40.5,
                    "ROE_AVG": round(share, 4),
                    "CURRENCY": "HKD",
                    "IS_CNY_CODE": 0,
                }
            )
    return found[::-1]


def statements(listing: Listing, kind: str, first: date, last: date) -> list[dict[str, Any]]:
    """Balance sheets, income or cash flows of the mainland's reports; every fifth code is a bank.

    Every sixth balance sheet was changed after the report.
    """
    seed = int(listing.code)
    if seed % 5 == 0:
        return []
    found = []
    for place, report in enumerate(mainland_reports(listing, first, last)):
        period = date.fromisoformat(report["REPORT_DATE"][:10])
        names = ("SECUCODE", "SECURITY_CODE", "REPORT_DATE", "NOTICE_DATE", "UPDATE_DATE")
        row = {name: report[name] for name in (*names, "CURRENCY")}
        if kind == "BALANCE" and place % 6 == 0:
            later = date.fromisoformat(report["UPDATE_DATE"][:10]) + timedelta(days=30)
            row["UPDATE_DATE"] = f"{min(later, last)} 00:00:00"
        found.append({**row, "ORG_TYPE": "通用", **_SHEETS[kind](report["BPS"], period)})
    return found


def _balance(share: float, _: date) -> dict[str, Any]:
    assets = round(share * 5e9, 2)
    whole = round(assets * 0.6, 2)
    return {
        "TOTAL_ASSETS": assets,
        "TOTAL_LIABILITIES": assets - whole,
        "TOTAL_EQUITY": whole,
        "TOTAL_PARENT_EQUITY": round(whole * 0.95, 2),
        "MINORITY_EQUITY": round(whole * 0.05, 2),
        "MONETARYFUNDS": round(share * 4e8, 2),
        "SHORT_LOAN": round(share * 1e8, 2),
        "SHORT_BOND_PAYABLE": None,
        "NONCURRENT_LIAB_1YEAR": round(share * 2e7, 2),
        "LONG_LOAN": round(share * 3e8, 2),
        "BOND_PAYABLE": None,
        "LEASE_LIAB": 1e6,
    }


def _income(share: float, period: date) -> dict[str, Any]:
    months = period.month / 12
    return {
        "TOTAL_PROFIT": round((share - 22) * 1.3e8 * months, 2),
        "FE_INTEREST_EXPENSE": None if period.year < 2023 else round(share * 2e6 * months, 2),
        "FE_INTEREST_INCOME": 1e6,
        "INCOME_TAX": round(share * 1e6 * months, 2),
    }


def _cash_flow(share: float, period: date) -> dict[str, Any]:
    told = period.month in (6, 12)
    return {
        "NETCASH_OPERATE": round(share * 1.5e8 * period.month / 12, 2),
        "END_CCE": round(share * 3.5e8, 2),
        "FA_IR_DEPR": round(share * 2e7, 2) if told else None,
        "OILGAS_BIOLOGY_DEPR": round(share * 2e7, 2) if told else None,
        "IA_AMORTIZE": round(share * 1e6, 2) if told else None,
        "LPE_AMORTIZE": None,
        "USERIGHT_ASSET_AMORTIZE": 5e5 if told else None,
    }


_SHEETS = {"BALANCE": _balance, "INCOME": _income, "CASHFLOW": _cash_flow}


def _periods(first: int, last: int) -> list[date]:
    return [date(year, *end) for year in range(first, last + 1) for end in _QUARTERS]


def _report(listing: Listing, period: date, notice: date, changed: date) -> dict[str, Any]:
    share = (int(listing.code) % 89 + 5) / 10 + period.year - 2000
    months = period.month / 12
    return {
        "SECUCODE": listing.id,
        "SECURITY_CODE": listing.code,
        "REPORT_DATE": f"{period} 00:00:00",
        "REPORT_TYPE": {3: "一季报", 6: "中报", 9: "三季报", 12: "年报"}[period.month],
        "NOTICE_DATE": f"{notice} 00:00:00",
        "UPDATE_DATE": f"{changed} 00:00:00",
        "CURRENCY": "CNY",
        "EPSJB": round(share / 10 * months, 4),
        "BPS": round(share, 4),
        "MGJYXJJE": 0.5,
        "TOTALOPERATEREVE": round(share * 1e9 * months, 2),
        "PARENTNETPROFIT": round((share - 22) * 1e8 * months, 2),
        "KCFJCXSYJLR": None if listing.exchange is Exchange.BJ else round((share - 23) * 1e8, 2),
        "NETCASH_OPERATE_PK": round(share * 1.5e8 * months, 2),
        "ROEJQ": round((share - 22) * months, 2),
        "XSMLL": 25.5,
        "TOTALDEPOSITS": None,
    }


def _values(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "SECURITY_CODE": row["listing"][:6],
        "TRADE_DATE": f"{row['session']} 00:00:00",
        "CLOSE_PRICE": 10.0,
        "CHANGE_RATE": 0.5,
        "TOTAL_MARKET_CAP": row["market_cap"],
        "NOTLIMITED_MARKETCAP_A": row["float_cap"],
        "TOTAL_SHARES": 1e8,
        "FREE_SHARES_A": 1e8,
        "PE_TTM": row["pe_ttm"],
        "PE_LAR": row["pe_static"],
        "PB_MRQ": row["pb"],
        "PEG_CAR": 1.0,
        "PCF_OCF_TTM": row["pcf_ttm"],
        "PS_TTM": row["ps_ttm"],
    }


def _reply(rows: list[dict[str, Any]]) -> dict[str, Any]:
    # an empty answer has no result; the summary of reports is asked in the same way
    return {"result": {"pages": 1, "data": rows} if rows else None, "success": bool(rows)}
