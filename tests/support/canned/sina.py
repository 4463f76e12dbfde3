"""Sina's replies: packed bars, share amounts, factor files."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from typing import Any

import numpy as np

from screener.data.lake.schema import TableName
from screener.domain.listing import Exchange, Listing
from tests.support.canned.market import CannedMarket
from tests.support.canned.sina_codec import Bars, encode_with_amount, encode_without_amount
from tests.support.transport import Router, Sent

MISSING = (404, "<html><body>404 Not Found</body></html>")
SYMBOL = re.compile(r"/(?:company|hkstock)/(\w+)/|[?&]symbol=(\w+)")
DECIMALS = {Exchange.HK: 3}


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for every listing and index."""
    securities = {_symbol(item): item for item in market.listings}
    indices = {_symbol(item): item for item in market.indices}

    @cache
    def klc(symbol: str) -> Any:
        listing = securities.get(symbol) or indices.get(symbol)
        return MISSING if listing is None else _klc(market, listing, symbol)

    @cache
    def shares(symbol: str) -> Any:
        listing = securities.get(symbol)
        days = [] if listing is None else _share_days(market, listing)
        told = ",".join(f'{{date:"{day}",amount:"194055.1498"}}' for day in days)
        return f"var KKE_ShareAmount_{symbol}=({f'[{told}]' if days else 'null'});"

    def factors(sent: Sent, kind: str) -> Any:
        listing = securities.get(_asked(sent))
        return MISSING if listing is None else _factor_file(market, listing, kind)

    for name in ("/hisdata_klc2/klc_kl.js", "/hisdata/klc_kl.js", "/klc2_kl.js"):
        router.add(name, lambda sent: klc(_asked(sent)))
    router.add("StockService.getAmountBySymbol", lambda sent: shares(_asked(sent)))
    router.add("/hfq.js", lambda sent: factors(sent, "hfq"))
    router.add("/qfq.js", lambda sent: factors(sent, "qfq"))


def bars_of(rows: list[dict[str, Any]]) -> Bars:
    """Rows of table `bars` as columns; an index has no volume, a tenth of the amount stands in."""
    columns = {
        field: np.array([row[field] for row in rows], dtype=float)
        for field in ("open", "high", "low", "close", "amount")
    }
    volume = np.array([row["volume"] or row["amount"] / 10 for row in rows], dtype=float)
    return Bars(days=[row["session"] for row in rows], volume=volume, **columns)


def _klc(market: CannedMarket, listing: Listing, symbol: str) -> str:
    bars = bars_of(market.traded(listing.id))
    packed = (
        encode_without_amount(bars)
        if listing in market.indices
        else encode_with_amount(bars, decimals=DECIMALS.get(listing.exchange, 2))
    )
    return f'var KLC_KL_{symbol}="{packed}";'


def _share_days(market: CannedMarket, listing: Listing) -> list[date]:
    rows: list[Any] = market.traded(listing.id)
    return [rows[len(rows) // 2]["session"], rows[0]["session"]]


def _symbol(listing: Listing) -> str:
    mainland = listing.exchange.mainland
    return f"{listing.exchange.lower()}{listing.code}" if mainland else listing.code


def _asked(sent: Sent) -> str:
    found = SYMBOL.search(sent.url)
    return "" if found is None else (found[1] or found[2])


def _factor_file(market: CannedMarket, listing: Listing, kind: str) -> str:
    steps = market.rows(TableName.FACTORS, listing.id)
    days = ["1900-01-01", *(f"{row['ex_session']}" for row in steps)]
    level = np.array([1.0, *(row["factor"] for row in steps)])
    if kind == "qfq":  # of the mainland a divisor, of Hong Kong a multiplier
        level = level[-1] / level if listing.exchange.mainland else level / level[-1]
    rows = [
        {"d": day, "f": f"{factor:.16f}"}
        for day, factor in sorted(zip(days, level.tolist(), strict=True), reverse=True)
    ]
    if kind == "hfq" and not listing.exchange.mainland:
        rows = [{**row, "c": "0.0000"} for row in rows]
    reply = json.dumps({"total": len(rows), "data": rows}, separators=(",", ":"))
    return f"var {_symbol(listing)}{kind}={reply}\n/* canned */\n"
