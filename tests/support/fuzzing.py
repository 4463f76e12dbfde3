"""Small valid inputs of every kind, mutations of them, and what the program says to each."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from html import escape
from pathlib import Path
from random import Random

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from reportlab.pdfgen.canvas import Canvas
from typer.testing import CliRunner

from screener.cli.main import app

__all__ = ["INPUTS", "Mutator", "tried"]

RUNNER = CliRunner()

_TABLES: dict[str, str] = {
    "bars": "日期,代码,名称,开盘,最高,最低,收盘,成交量,成交额\n"
    "2026-05-11,600000.SH,甲,10.0,10.5,9.9,10.2,12000,122400\n"
    "2026-05-12,600000.SH,甲,10.2,10.6,10.1,10.4,13000,135200\n"
    "2026-05-11,00700.HK,乙,500,505,495,501,22000,11022000\n",
    "index": "date,code,open,high,low,close\n2026-05-11,000300.SH,4000,4050,3990,4010\n"
    "2026-05-12,000300.SH,4010,4060,4000,4055\n",
    "valuation": "date,listing,pe_ttm,pb,market_cap\n2026-05-11,600000.SH,5.5,0.6,3.0e11\n"
    "2026-05-11,00700.HK,22.1,4.4,4.6e12\n",
    "listings": "代码,名称,上市日期,行业\n600000.SH,甲公司,1999-11-10,银行\n"
    "300857.SZ,丙公司,2020-07-27,计算机\n",
    "names": "listing,valid_from,name\n600000.SH,2001-01-01,甲\n600000.SH,2010-01-01,*ST甲\n",
    "fx": "date,pair,rate\n2026-05-11,HKDCNY,0.92\n2026-05-12,HKDCNY,0.921\n",
    "actions": "listing,ex_date,cash,bonus,split\n600000.SH,2026-05-12,0.41,0,1\n"
    "00700.HK,2026-05-13,3.4,0,1\n",
    "ratings": "listing,published,broker,analyst,title,rating\n"
    "600000.SH,2026-05-11,虚构证券,王某,点评,买入\n",
    "factors": "listing,ex_session,factor\n600000.SH,2026-05-11,1.0\n600000.SH,2026-05-12,1.02\n",
    "fundamentals": "listing,period_end,known_at,currency,revenue,net_profit,eps\n"
    "600000.SH,2026-03-31,2026-04-28,CNY,4.5e10,1.2e10,0.4\n",
    "calendar": "exchange,session\nSH,2026-05-11\nSH,2026-05-12\n",
    "status": "listing,session\n600000.SH,2026-05-12\n",
    "industries": "listing,valid_from,industry\n600000.SH,2020-01-01,银行\n",
}
_REPORT = (
    "虚构证券 2026年5月11日\n# 算力与铜：周度点评\n分析师：王某 S0000000000000\n"
    "投资要点：推荐协创数据（300857.SZ），紫金矿业(601899)，关注腾讯控股（00700.HK）。\n"
    "预计2026年营收60.85亿元，同比增长192.9%，目标价 120.5 元，维持“买入”评级。\n"
    "评级说明：买入：未来6个月超越沪深300指数15%以上。\n"
)
_CARD = """id = "F1"
title = "试"
publisher = "虚构"
language = "zh-Hans"
published.value = 2026-05-14T19:48:00+08:00
published.precision = "exact"
securities = [
  { listing = "300857.SZ", printed = "甲", name = "甲", role = "recommended", theme = "probe" },
]
claims = [{ subject = "甲", listing = "300857.SZ", measure = "PE", value = 11.5, unit = "x" }]
[[notes]]
id = "F1-1"
title = "一"
broker = "虚构证券"
published = { value = 2026-05-14, precision = "day" }
themes = ["probe"]
"""
_BASKET = """name = "probe"
title_zh = "试"
title_en = "Probe"
themes = ["probe"]
weighting = "equal"
benchmark = "000300.SH"
"""


def _rows(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.splitlines()]


def _workbook(text: str) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in _rows(text):
        book.active.append(row)
    book.properties.created = book.properties.modified = datetime(2026, 1, 1)  # noqa: DTZ001
    book.save(out)
    return out.getvalue()


def _parquet(text: str) -> bytes:
    head, *rows = _rows(text)
    table = pa.table({name: [row[at] for row in rows] for at, name in enumerate(head)})
    if "session" in head or "date" in head:
        name = "session" if "session" in head else "date"
        days = [date.fromisoformat(str(value)) for value in table.column(name).to_pylist()]
        table = table.set_column(head.index(name), name, pa.array(days))
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _pdf(text: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for at, line in enumerate(text.splitlines()):
        canvas.drawString(40, 780 - 20 * at, line.encode("ascii", "replace").decode())
    canvas.drawString(40, 500, "Buy 300857.SZ Target 120.5 published 2026-05-11")
    canvas.save()
    return out.getvalue()


def _word(text: str) -> bytes:
    rows = (f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in text.splitlines())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        part = zipfile.ZipInfo("word/document.xml", (2026, 1, 1, 0, 0, 0))
        packed.writestr(part, f'<w:document xmlns:w="w">{"".join(rows)}</w:document>')
    return out.getvalue()


def _html(text: str) -> bytes:
    cells = "".join(f"<tr><td>{line}</td><td>{line[:9]}</td></tr>" for line in text.splitlines())
    return f"<html><meta charset=utf-8><title>试</title><table>{cells}</table></html>".encode()


def _inputs() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for kind, text in _TABLES.items():
        found[f"import {kind}.csv"] = text.encode()
        found[f"import {kind}.xlsx"] = _workbook(text)
        found[f"import {kind}.parquet"] = _parquet(text)
    found["import bars.txt"] = _TABLES["bars"].replace(",", "\t").encode("gb18030")
    found |= {
        "report note.txt": _REPORT.encode(),
        "report note-gbk.txt": _REPORT.encode("gb18030"),
        "report note.md": _REPORT.encode(),
        "report note.html": _html(_REPORT),
        "report note.pdf": _pdf(_REPORT),
        "report note.docx": _word(_REPORT),
        "toml seeds/F1.toml": _CARD.encode(),
        "toml baskets/probe.toml": _BASKET.encode(),
    }
    return found


INPUTS = _inputs()
"""A valid input by what it is: the door, and the file's name."""

_SPLICES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b[2J", b"\xe2\x80\xae", b"\xc2\x9b31m", b"\r", b'"',
    b"''", b"[[", b"{", b"=1+1", b"\t", b",,,,", b"\n\n", b"9" * 400, b"1e400", b"-1e-400", b"nan",
    b"inf", b"0000-00-00", b"9999-12-31", b"2026-02-30", b"20260230", b"-0", b"0x1F",
    b"\xed\xa0\x80", b"<div>" * 300, b"[" * 900, b"a=" * 300, b"<!--", b"&#x110000;",
    "１２３".encode(), "万亿".encode(), "（".encode() * 50, "买入".encode() * 80, b"%s%n",
    b"../../x", b"S" * 3000,
)  # fmt: skip


class Mutator:
    """Makes mutations of an input, the same for the same seed."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._kinds: tuple[Callable[[bytearray], bytearray], ...] = (
            self._flip,
            self._flip,
            self._splice,
            self._splice,
            self._cut,
            self._repeat,
            self._swap,
            self._cross,
            self._digits,
        )

    def mutated(self, content: bytes) -> bytes:
        """Return content with one to six mutations, of at most 256 KB."""
        found = bytearray(content)
        for _ in range(self._random.randint(1, 6)):
            found = self._random.choice(self._kinds)(found)
        return bytes(found[: 1 << 18])

    def _at(self, content: bytearray) -> int:
        return self._random.randrange(len(content) + 1)

    def _piece(self, content: bytearray) -> tuple[int, int]:
        begin = self._at(content)
        return begin, min(len(content), begin + self._random.randint(1, 200))

    def _flip(self, content: bytearray) -> bytearray:
        for _ in range(self._random.randint(1, 8)):
            if content:
                content[self._random.randrange(len(content))] ^= 1 << self._random.randrange(8)
        return content

    def _splice(self, content: bytearray) -> bytearray:
        at = self._at(content)
        content[at:at] = self._random.choice(_SPLICES)
        return content

    def _cut(self, content: bytearray) -> bytearray:
        begin, end = self._piece(content)
        del content[begin : end if self._random.random() < 0.8 else len(content)]
        return content

    def _repeat(self, content: bytearray) -> bytearray:
        begin, end = self._piece(content)
        content[end:end] = content[begin:end] * self._random.choice((1, 3, 40, 400))
        return content

    def _swap(self, content: bytearray) -> bytearray:
        (a, b), (c, d) = sorted((self._piece(content), self._piece(content)))
        if b <= c:
            content[a:d] = content[c:d] + content[b:c] + content[a:b]
        return content

    def _cross(self, content: bytearray) -> bytearray:
        other = bytearray(self._random.choice(sorted(INPUTS.values())))
        begin, end = self._piece(other)
        at = self._at(content)
        content[at:at] = other[begin:end]
        return content

    def _digits(self, content: bytearray) -> bytearray:
        places = [item.span() for item in re.finditer(rb"[0-9.]+", bytes(content))]
        if places:
            begin, end = self._random.choice(places)
            content[begin:end] = self._random.choice(_SPLICES[15:26])
        return content


_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_CODES = (0, 2, 3, 4, 6, 7)


def tried(workspace: Path, name: str, content: bytes, folder: Path) -> str:
    """Give an input to the program by its door; return what is wrong, empty if nothing.

    Parameters
    ----------
    workspace
        A workspace with a lake; cards and baskets are written into it, nothing else.
    name
        Key of `INPUTS`.
    content
        What to give in its place.
    folder
        For the file.
    """
    door, _, file = name.partition(" ")
    path = (workspace if door == "toml" else folder) / file
    path.write_bytes(content)
    for line in _lines(door, path):
        done = RUNNER.invoke(app, [*line, "--workspace", str(workspace)], env={"COLUMNS": "120"})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        if done.exit_code not in _CODES:
            return f"{line}: ends with {done.exit_code}: {done.output[-500:]}"
        if found := _COMMANDS.search(done.output):
            return f"{line}: says {found[0]!r}"
        if done.exit_code and not done.stderr.strip():
            return f"{line}: ends with {done.exit_code} and says nothing"
    return ""


def _lines(door: str, path: Path) -> list[list[str]]:
    if door == "import":
        kind = path.stem
        basis = ["--basis", "raw"] if kind == "bars" else []
        more = ["--as-of", "2026-05-12"] if kind in ("valuation", "names") else []
        return [["data", "import", str(path), "--kind", kind, *basis, *more, "--dry-run"]]
    if door == "report":
        return [["report", "add", str(path), "--dry-run", "--strict"]]
    if path.parent.name == "seeds":
        return [["report", "list"], ["report", "show", "F1"]]
    return [["basket", "list"], ["basket", "show", "probe"]]
