"""Baostock's server on the far side of the socket: its message format, in memory.

A message is a header of 21 characters (version, type, length of the body, parted by \\1), the body
(fields parted by \\1) and a check sum. Bars come compressed. A reply ends with `<![CDATA[]]>\\n`.
"""

from __future__ import annotations

import contextlib
import json
import socket
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import Any
from unittest import mock

from screener.data.lake.schema import TableName
from screener.domain.listing import Exchange, Listing, parse_listing
from tests.support.canned.eastmoney_values import mainland_reports
from tests.support.canned.market import CannedMarket

VERSION = "00.9.40"
PART = "\1"
END = b"<![CDATA[]]>\n"
HEADER = 21
COMPRESSED = "96"
Row = dict[str, Any]


class Fault(Enum):
    """What goes wrong with one message."""

    DROP = auto()
    TIME_OUT = auto()
    CUT_OFF = auto()
    GARBAGE = auto()
    OTHER_SHAPE = auto()


@dataclass
class Server:
    """Baostock's server for the Shanghai and Shenzhen shares of a market.

    `faults` are taken by the messages in order: a `Fault`, an error code, or `None` for none.
    """

    market: CannedMarket
    faults: list[Fault | str | None] = field(default_factory=list)
    refuses: Exception | None = None
    connections: int = 0
    timeouts: list[float | None] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def online(self) -> Iterator[Server]:
        """Stand where baostock opens its sockets."""
        with mock.patch("baostock.util.socketutil.socket", _Sockets(self)):
            yield self

    def reply(self, message: bytes) -> bytes | Exception:
        """Answer one message: bytes, ending early where the line is closed, or an exception."""
        kind, fields = _read(message)
        self.methods.append(fields[0])
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.DROP:
            return b""
        if fault is Fault.TIME_OUT:
            return TimeoutError("timed out")
        if isinstance(fault, str):
            return _written(_response(kind), [fault, _MESSAGES.get(fault, "错误")])
        answer = _written(_response(kind), self._answers[fields[0]](fields))
        if fault is Fault.CUT_OFF:
            return answer[: len(answer) // 2]
        if fault is Fault.GARBAGE:
            return answer[:HEADER] + b"\xff\xfe\xfd" + END
        if fault is Fault.OTHER_SHAPE:
            return _written("04", ["0", "success"])
        return answer

    @property
    def _answers(self) -> dict[str, Callable[[list[str]], list[str]]]:
        return {
            "login": lambda fields: ["0", "success", "login", fields[1]],
            "logout": lambda fields: ["0", "success", "logout", fields[1]],
            "query_history_k_data_plus": self._history,
            "query_adjust_factor": self._factors,
            "query_profit_data": self._quarter,
            "query_dupont_data": self._quarter,
        }

    def _history(self, fields: list[str]) -> list[str]:
        method, user, page, size, code, wanted, start, end, frequency, adjust = fields
        assert (frequency, adjust) == ("d", "3")
        names = wanted.split(",")
        chosen = [row for row in self._days(code) if start <= row["date"] <= end]
        data = _page([[row[name] for name in names] for row in chosen], page, size)
        head = ["0", "success", method, user, page, size, data]
        return [*head, code, wanted, start, end, frequency, adjust]

    def _factors(self, fields: list[str]) -> list[str]:
        method, user, page, size, code, start, end = fields
        rows = self.market.rows(TableName.FACTORS, self._known.get(code, ""))
        last = rows[-1]["factor"] if rows else 1.0
        found = [
            [code, str(row["ex_session"]), *_factor(float(row["factor"]), float(last))]  # type: ignore[arg-type]
            for row in rows
            if start <= str(row["ex_session"]) <= end
        ]
        names = "code,dividOperateDate,foreAdjustFactor,backAdjustFactor,adjustFactor"
        data = _page(found, page, size)
        return ["0", "success", method, user, page, size, data, code, start, end, names]

    def _quarter(self, fields: list[str]) -> list[str]:
        method, user, page, size, code, year, quarter = fields
        listing = self._known.get(code)
        bars = self.market.rows(TableName.BARS, listing) if listing else []
        chosen = [
            row
            for row in (reports(parse_listing(listing), bars) if listing else [])
            if row["statDate"][:7] == f"{year}-{int(quarter) * 3:02d}"
        ]
        names = PROFITS if method == "query_profit_data" else PARTS
        data = _page(
            [[{**row, "code": code}[name] for name in names] for row in chosen], page, size
        )
        head = ["0", "success", method, user, page, size, data]
        return [*head, code, year, quarter, ",".join(names)]

    @cached_property
    def _known(self) -> dict[str, str]:
        return {
            f"{item.exchange.lower()}.{item.code}": item.id
            for item in self.market.listings
            if item.exchange in (Exchange.SH, Exchange.SZ)
        }

    def _days(self, code: str) -> list[dict[str, str]]:
        listing = self._known.get(code)
        if listing is None:
            return []
        status = {row["session"]: row for row in self.market.rows(TableName.STATUS, listing)}
        worth = {row["session"]: row for row in self.market.rows(TableName.VALUATION, listing)}
        return [
            _day(bar, status.get(bar["session"], {}), worth.get(bar["session"], {}))
            for bar in self.market.rows(TableName.BARS, listing)
        ]


PROFITS = ("code", "pubDate", "statDate", "roeAvg", "npMargin", "gpMargin", "netProfit", "epsTTM")
PARTS = (
    *("code", "pubDate", "statDate", "dupontROE", "dupontPnitoni", "dupontNitogr"),
    *("dupontTaxBurden", "dupontIntburden"),
)


def reports(listing: Listing, bars: list[Row]) -> list[dict[str, str]]:
    """Both tables of a listing: ratios, with six decimals, of Eastmoney's figures."""
    first, last = bars[0]["session"], bars[-1]["session"]
    found = []
    for report in mainland_reports(listing, first, last):
        owners, revenue = report["PARENTNETPROFIT"], report["TOTALOPERATEREVE"]
        profit = owners / OWNERS
        found.append(
            {
                "pubDate": report["NOTICE_DATE"][:10],
                "statDate": report["REPORT_DATE"][:10],
                "roeAvg": "0.010000",
                "npMargin": f"{profit / revenue:.6f}",
                "gpMargin": "" if int(listing.code) % 2 else "0.255000",
                "netProfit": f"{profit:.6f}",
                "epsTTM": "0.5",
                "dupontROE": "0.010000",
                "dupontPnitoni": f"{OWNERS:.6f}",
                "dupontNitogr": f"{profit / revenue:.6f}",
                "dupontTaxBurden": f"{KEPT:.6f}",
                "dupontIntburden": "0.950000",
            }
        )
    return found


OWNERS, KEPT = 0.95, 0.8

_MESSAGES = {
    "10001001": "用户未登陆",
    "10001011": "黑名单用户，请与管理员联系",
    "10004011": "无效的证券代码",
    "10005001": "系统级别错误",
}


def _day(bar: Row, status: Row, worth: Row) -> dict[str, str]:
    halted = bool(status.get("suspended"))
    prices = {name: f"{bar[name]:.4f}" for name in ("open", "high", "low", "close")}
    return {
        "date": str(bar["session"]),
        **prices,
        "volume": "" if halted else f"{bar['volume']:.0f}",
        "amount": "" if halted else f"{bar['amount']:.4f}",
        "tradestatus": "0" if halted else "1",
        "isST": "1" if status.get("st") else "0",
        "peTTM": _multiple(worth.get("pe_ttm")),
        "pbMRQ": _multiple(worth.get("pb")),
        "psTTM": _multiple(worth.get("ps_ttm")),
    }


def _multiple(value: float | None) -> str:
    return "0.000000" if value is None else f"{value:.6f}"


def _factor(factor: float, last: float) -> list[str]:
    return [f"{factor / last:.6f}", f"{factor:.6f}", f"{factor:.6f}"]


def _page(rows: list[list[str]], page: str, size: str) -> str:
    first = (int(page) - 1) * int(size)
    chosen = rows[first : first + int(size)]
    return json.dumps({"record": chosen}, separators=(",", ":")) if chosen else ""


def _read(message: bytes) -> tuple[str, list[str]]:
    """Take a message apart, refusing what the real server would refuse."""
    text = message.decode()
    assert text.endswith("\n")
    head, body = text[:HEADER], text[HEADER:-1]
    version, kind, length = head.split(PART)
    *fields, check = body.split(PART)
    told = head + PART.join(fields)
    assert version == VERSION
    assert int(length) == len(PART.join(fields))
    assert int(check) == zlib.crc32(told.encode())
    return kind, fields


def _response(kind: str) -> str:
    return f"{int(kind) + 1:02d}"


def _written(kind: str, fields: list[str]) -> bytes:
    body = PART.join(fields).encode()
    if kind == COMPRESSED:
        body = zlib.compress(body + b"\n")  # the client cuts the last character off
    head = f"{VERSION}{PART}{kind}{PART}{len(body):010d}".encode()
    check = b"" if kind == COMPRESSED else f"{PART}{zlib.crc32(head + body)}".encode()
    return head + body + check + END


class _Sockets:
    """Module `socket` as baostock sees it."""

    AF_INET = socket.AF_INET
    SOCK_STREAM = socket.SOCK_STREAM

    def __init__(self, server: Server) -> None:
        self._server = server

    def socket(self, *_: object) -> _Socket:
        return _Socket(self._server)


class _Socket:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._timeout: float | None = None
        self._waiting: bytes | Exception = b""
        self._open = False

    def settimeout(self, seconds: float | None) -> None:
        self._timeout = seconds

    def connect(self, address: tuple[str, int]) -> None:
        assert address == ("public-api.baostock.com", 10030)
        if self._server.refuses is not None:
            raise self._server.refuses
        self._server.connections += 1
        self._server.timeouts.append(self._timeout)
        self._open = True

    def sendall(self, message: bytes) -> None:
        if not self._open:
            raise OSError("not connected")
        self._waiting = self._server.reply(message)

    def recv(self, size: int) -> bytes:
        if not self._open:
            raise OSError("not connected")
        if isinstance(self._waiting, Exception):
            raise self._waiting
        part, self._waiting = self._waiting[:size], self._waiting[size:]
        return part

    def close(self) -> None:
        self._open = False
