"""Replies of the exchanges and of Sina's company pages: lists, leavers, renames.

Lists are padded to the size of a real market with listings that are in no table, as a short list
is taken for a truncated one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cache
from itertools import count, islice, pairwise
from typing import Any
from urllib.parse import parse_qs

import openpyxl

from screener.data.lake.schema import TableName
from screener.domain.listing import Board, Exchange, Listing
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

FIRST_DAY = date(2010, 1, 4)
LEFT_ON = date(2020, 7, 1)
BSE_PAGE = 100
BSE_KEYS = 48
BSE_PLACES = {"list_date": 0, "industry": 17, "code": 38, "name": 40}
"""The wrapper names the 48 keys by their place; what they are called does not matter."""

Row = dict[str, Any]
SZSE_LIST = ("板块", "A股代码", "A股简称", "A股上市日期", "A股总股本", "A股流通股本", "所属行业")


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the lists of the three exchanges, who left them, and who was renamed."""
    sheets = {
        "CATALOGID=1110": lambda: _szse_list(market),
        "CATALOGID=1793_ssgs": lambda: _szse_left(market),
        "CATALOGID=SSGSGMXX": lambda: _szse_renames(market),
    }
    for fragment, make in sheets.items():
        router.add(fragment, _once(make))
    router.add("query.sse.com.cn/sseQuery/commonQuery.do", lambda sent: _sse_list(market, sent))
    router.add("query.sse.com.cn/commonQuery.do", lambda _: _sse_left(market))
    router.add("www.bse.cn/nqxxController/nqxxCnzq.do", lambda sent: _bse_list(market, sent))
    router.add("go.php/vCI_CorpInfo/stockid/", lambda sent: _sina_company(market, sent))


def sheet(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Return a spreadsheet of one sheet."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet()
    page.append(list(header))
    for row in rows:
        page.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def padded(
    market: CannedMarket, members: Iterable[Row], codes: Iterable[str], size: int
) -> list[Row]:
    """Return members by code, with others of unused codes between them, `size` in all."""
    own, used = [*members], {item.code for item in market.listings}
    others = (
        {"code": code, "name": f"样本{code}", "list_date": FIRST_DAY, "industry": "综合"}
        for code in codes
        if code not in used
    )
    every = [*own, *islice(others, max(0, size - len(own)))]
    return sorted(every, key=lambda row: str(row["code"]))


def present(market: CannedMarket, exchange: Exchange, *boards: Board) -> Iterator[Row]:
    """Yield the listings of some boards that have not left."""
    for listing, row in _listed(market, exchange):
        if row["delist_date"] is None and (not boards or listing.board in boards):
            yield _told(market, listing, row)


def _listed(market: CannedMarket, exchange: Exchange) -> Iterator[tuple[Listing, Row]]:
    for listing in market.listings:
        if listing.exchange is exchange:
            (row,) = market.rows(TableName.LISTINGS, listing.id)
            yield listing, row


def _told(market: CannedMarket, listing: Listing, row: Row) -> Row:
    fields = ("list_date", "delist_date", "industry")
    return {
        "code": listing.code,
        "name": market.name(listing.id),
        **{field: row[field] for field in fields},
    }


def _once(make: Callable[[], bytes]) -> Callable[[Sent], bytes]:
    made = cache(make)
    return lambda _: made()


def _sse_list(market: CannedMarket, sent: Sent) -> Row:
    board, prefix, size = {"1": (Board.MAIN, "60", 1550), "8": (Board.STAR, "688", 520)}[
        sent.query["STOCK_TYPE"]
    ]
    codes = (f"{prefix}{number:0{6 - len(prefix)}d}" for number in count(1))
    rows = padded(market, present(market, Exchange.SH, board), codes, size)
    return {
        "result": [
            {
                "A_STOCK_CODE": row["code"],
                "B_STOCK_CODE": "-",
                "SEC_NAME_CN": row["name"],
                "SEC_NAME_FULL": row["name"],
                "COMPANY_ABBR": row["name"],
                "FULL_NAME": row["name"],
                "LIST_DATE": f"{row['list_date']:%Y%m%d}",
            }
            for row in rows
        ],
        "pageHelp": {"total": len(rows)},
    }


def _gone(market: CannedMarket, exchange: Exchange, padding: str) -> list[Row]:
    rows = [
        _told(market, listing, row)
        for listing, row in _listed(market, exchange)
        if row["delist_date"] is not None
    ]
    left = {"code": padding, "name": "样本退", "list_date": FIRST_DAY, "delist_date": LEFT_ON}
    return [*rows, left]


def _sse_left(market: CannedMarket) -> Row:
    return {
        "result": [
            {
                "COMPANY_CODE": row["code"],
                "COMPANY_ABBR": row["name"],
                "LIST_DATE": f"{row['list_date']:%Y%m%d}",
                "DELIST_DATE": f"{row['delist_date']:%Y%m%d}",
            }
            for row in _gone(market, Exchange.SH, "609999")
        ]
    }


def _szse_list(market: CannedMarket) -> bytes:
    codes = (f"{number}" for number in count(300001) if number != 300114)  # 302132 today
    rows = padded(market, present(market, Exchange.SZ), codes, 2600)
    return sheet(
        SZSE_LIST,
        (
            (
                "主板",
                int(row["code"]),  # the sheet holds numbers, leading zeros are lost
                spaced(row["name"]),
                row["list_date"].isoformat(),
                "1,000,000",
                "1,000,000",
                f"C {row['industry']}",
            )
            for row in rows
        ),
    )


def spaced(name: str) -> str:
    """Return a name of three characters as the exchange pads it: `万  科Ａ`."""
    return f"{name[0]}  {name[1:]}" if len(name) == 3 else name


def _szse_left(market: CannedMarket) -> bytes:
    return sheet(
        ("证券代码", "证券简称", "上市日期", "终止上市日期"),
        (
            (
                int(row["code"]),
                row["name"],
                row["list_date"].isoformat(),
                row["delist_date"].isoformat(),
            )
            for row in _gone(market, Exchange.SZ, "003999")
        ),
    )


def _szse_renames(market: CannedMarket) -> bytes:
    rows = [
        (later["valid_from"].isoformat(), int(listing.code), name(later), name(former), name(later))
        for listing, _ in _listed(market, Exchange.SZ)
        for former, later in pairwise(market.rows(TableName.NAMES, listing.id))
    ]
    other = ("2019-05-06", 2001, "样本2001", "旧样本", "样本2001")
    header = ("变更日期", "证券代码", "证券简称", "变更前简称", "变更后简称")
    return sheet(header, sorted([*rows, other], reverse=True))


def name(row: dict[str, Any]) -> str:
    """Return the name in a row of `names`, without the mark of the simulation."""
    return str(row["name"]).removesuffix("（SIMULATED）")


def _bse_list(market: CannedMarket, sent: Sent) -> str:
    codes = (f"920{number:03d}" for number in count(1))
    rows = padded(market, present(market, Exchange.BJ), codes, 250)
    page = int(parse_qs(sent.body)["page"][0])
    content = []
    for row in rows[page * BSE_PAGE : (page + 1) * BSE_PAGE]:
        cells: list[object] = [None] * BSE_KEYS
        for field, place in BSE_PLACES.items():
            cells[place] = row[field]
        cells[BSE_PLACES["list_date"]] = f"{row['list_date']:%Y%m%d}"
        content.append({f"key{place:02d}": cell for place, cell in enumerate(cells)})
    reply = {"content": content, "totalPages": -(-len(rows) // BSE_PAGE)}
    return f"null({json.dumps([reply, None], ensure_ascii=False)})"


def _sina_company(market: CannedMarket, sent: Sent) -> str:
    code = sent.url.split("/stockid/")[1].removesuffix(".phtml")
    rows = next(
        (market.rows(TableName.NAMES, item.id) for item in market.listings if item.code == code), []
    )
    former = " ".join(name(row) for row in rows[:-1])
    told = f"<tr><td>证券简称更名历史：</td><td>{former}</td></tr>"
    empty = "<table><tr><td>-</td><td>-</td></tr></table>" * 3
    return (
        f"<html><body>{empty}<table><tr><td>公司名称：</td><td>样本公司</td></tr>"
        f"{told}</table></body></html>"
    )
