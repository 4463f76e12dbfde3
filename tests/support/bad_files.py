"""Files of every kind that an import knows, most rows of which cannot be true."""

from __future__ import annotations

__all__ = ["BAD_FILES", "REFUSED"]

_PRICES = "code,date,open,high,low,close,volume,amount"

BAD_FILES: dict[str, str] = {
    "bars": f"""{_PRICES}
600519,2026-05-11,10,10.5,9.9,10,1000,10000
600519,2026-05-12,10,10.5,9.9,10.2,1000,10200
600519,2026-05-13,10.2,10.5,9.9,15,1000,10200
600519,2026-05-14,10.2,10.5,9.9,10.3,1000,10300
600519,2026-05-15,10.2,10.6,9.9,13.3,1000,10300
600519,2026-05-16,10.2,10.5,9.9,10.3,1000,10300
600519,2026-05-18,10.2,10.5,9.9,,1000,10300
600519,2026-05-19,-1,10.5,9.9,10.2,1000,10300
600519,2026-05-20,10.2,9,9.9,10.2,1000,10300
600519,2026-05-21,12,10.5,9.9,10.2,1000,10300
600519,2026-05-22,10.2,10.5,9.9,10.2,-5,10300
600519,2026-05-25,10.2,10.5,9.9,10.2,1000,10300
600519,2026-05-25,10.2,10.5,9.9,10.4,1000,10300
600519,2026-05-26,ten,10.5,9.9,10.2,1000,10300
600519,2026-05-27,2e7,2e7,9.9,10.2,1000,10300
600519,2027-05-28,10.2,10.5,9.9,10.2,1000,10300
600519,some day,10.2,10.5,9.9,10.2,1000,10300
519,2026-05-11,10,10.5,9.9,10,1000,10000
9999999,2026-05-11,10,10.5,9.9,10,1000,10000
000300.SH,2026-05-11,10,10.5,9.9,10,1000,10000
600519,2026-05-29,10
""",
    "index": """code,date,close
000300.SH,2026-05-11,4000
600519.SH,2026-05-12,10
000300.SH,2026-05-16,4000
000300.SH,2026-05-13,
""",
    "valuation": """code,date,pe_ttm,pb,market_cap,dividend_yield
600519,2026-05-27,20,5,2e12,0.03
600519,2028-05-26,20,5,2e12,0.03
600519,2026-05-25,,,,
600519,2026-05-24,20,5,2e12,0.03
600519,2026-05-22,20,-5,2e12,0.03
""",
    "listings": """code,name,type,board_lot,list_date,as_of
600519,贵州茅台,stock,100,2001-08-27,2026-05-27
600036,招商银行,warrant,100,2002-04-09,2026-05-27
00700.HK,腾讯控股,stock,1.5,2004-06-16,2026-05-27
600000,浦发银行,stock,100,1701-01-01,2026-05-27
""",
    "names": """code,name,as_of
600519,贵州茅台,2026-05-27
600036,,2026-05-27
600000,浦发银行,2027-05-27
600519,茅台,2026-05-27
601398,工商银行,2026-05-27
""",
    "fx": """date,rate,pair
2026-05-27,0.92,HKDCNY
2026-05-26,0.2,HKDCNY
2026-05-25,0.92,EURCNY
2026-05-22,0.70,HKDCNY
2026-05-21,0.92,HKDCNY
2026-05-20,none,HKDCNY
""",
    "actions": """listing,ex_session,cash,bonus,split,rights,rights_price
600519.SH,2026-05-15,0.5,1,,,
600519.SH,2026-05-16,0.5,,,,
600519.SH,2026-05-18,-0.5,,,,
600519.SH,2026-05-19,,,0,,
600519.SH,2026-05-20,,,,0.3,
600519.SH,2026-05-21,,,,,
600519.SH,,0.5,,,,
""",
    "factors": """listing,ex_session,factor
600036.SH,2026-05-15,1.05
600036.SH,2026-05-18,1
600036.SH,2026-05-16,1.02
600036.SH,2026-05-19,
600036.SH,2026-05-20,-1
""",
    "fundamentals": """listing,period_end,known_at,revenue,net_profit,roe
600519.SH,2025-12-31,2026-04-01,1e11,5e10,0.3
600519.SH,2025-12-31,2025-12-01,1e11,5e10,0.3
600519.SH,2024-12-31,2025-04-01,,,
600519.SH,2023-12-31,2024-04-01,1e17,5e10,0.3
""",
    "calendar": """exchange,date,open
SH,2026-05-27,1
XX,2026-05-26,1
SH,2026-05-23,0
SH,2026-05-24,1
""",
    "status": """listing,session,suspended
600519.SH,2026-05-27,yes
600519.SH,2026-05-26,perhaps
600519.SH,2026-05-24,yes
""",
    "industries": """listing,industry,valid_from,valid_to
600519.SH,白酒,2020-01-01,2021-01-01
600519.SH,白酒,2022-01-01,2021-01-01
600519.SH,,2023-01-01,
""",
    "ratings": """code,published,broker,rating,target_price,rating_level
600519,2026-05-27,一家券商,买入,2000,
600519,2026-05-26,,买入,2000,
600519,2026-05-25,一家券商,买入,-5,
600519,2026-05-22,一家券商,买入,2000,country
""",
}
"""By kind: a few good rows, and one for each way of being wrong."""

REFUSED: dict[str, tuple[str, str]] = {
    "no column": ("bars", "date,close\n2026-05-27,10\n"),
    "other kind": ("bars", "code,date,pe_ttm,pb\n600519,2026-05-27,20,5\n"),
    "no header": ("bars", "600519;20260527;10\n600519;20260528;11\n"),
    "empty": ("bars", " \n"),
    "no row": ("bars", f"{_PRICES}\n"),
    "page": ("bars", "<html><body>no table</body></html>"),
    "binary": ("bars", "a,b\n\x00\x01\x02"),
    "pdf": ("bars", "%PDF-1.4 and so on"),
    "weekly": ("bars", f"贵州茅台 600519 周线\n{_PRICES}\n600519,2026-05-27,1,1,1,1,1,1\n"),
    "adjusted": ("bars", f"贵州茅台 600519 前复权\n{_PRICES}\n600519,2026-05-27,1,1,1,1,1,1\n"),
    "simulated": ("bars", f"{_PRICES},source\n600519,2026-05-27,1,1,1,1,1,1,SIMULATED\n"),
    "days": ("bars", f"{_PRICES}\n600519,46156,1,1,1,1,1,1\n600519,46157,1,1,1,1,1,1\n"),
    "twice": ("bars", "code,code,date,close\n600519,600519,2026-05-27,10\n"),
    "unit": ("valuation", "code,date,market_cap\n600519,2026-05-27,20000\n"),
    "percent": (
        "valuation",
        "code,date,dividend_yield\n600519,2026-05-27,3%\n600036,2026-05-27,0.05\n",
    ),
    "twins": (
        "actions",
        "listing,ex_session,cash\n600519.SH,2026-05-15,0.5\n600519.SH,2026-05-15,0.5\n",
    ),
    "cumulative": (
        "factors",
        "listing,ex_session,factor\n"
        + "".join(
            f"600519.SH,2026-05-{day},{factor}\n"
            for day, factor in zip(
                (12, 13, 14, 15, 18, 19, 20), (1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7), strict=True
            )
        ),
    ),
    "rate": ("fx", "date,rate\n2026-05-26,7.8\n2026-05-27,7.8\n"),
    "names": ("listings", "code,industry\n600519,白酒\n"),
    "roe": (
        "fundamentals",
        "listing,period_end,known_at,roe\n600519.SH,2025-12-31,2026-04-01,30\n",
    ),
}
"""By what is wrong: the kind that it is imported as, and the file; all of it is refused."""
