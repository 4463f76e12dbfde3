"""Words in Latin letters that may stand in Chinese text, and those that stand there by mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["MAY_STAND", "stray"]

MAY_STAND = frozenset(
    """
    A H B S T ST ETF CSI PE PB PS TTM ROE EPS VWAP CAR CAAR AR BHAR BMP GRANK STAR ChiNext Stock
    CNY HKD USD HKDCNY RMB MB GB kB KB B s bp bps UTC
    API BOM CLASS CSV DOS FIFO GB18030 Big5 HTML HTTP HTTPS ISO JSON LIKE MD5 NaN NULL OCR OLE PDF
    PNG SHA SQL SVG TOML TTY UTF URL XLSX XML ZIP
    DISTINCT FILTER ORDER BY AND OR NOT IN IS BETWEEN CASE CAST ESCAPE
    DIR FILE FOLDER ID LISTING NAME NEW OLD TEXT THEME
    screener exchange-calendars exchange_calendars pip duckdb DuckDB pydantic vectorbt akshare Excel
    Python Unicode shell
    GIF JPEG Markdown Parquet PowerPoint RAR RTF SQLite TIFF WebP Word csv docx gzip txt xls
    xlsx zip baostock COLUMN FIELD UNIT Dask distributed TLS AWS
    SIMULATED KP Holm B-H Benjamini-Hochberg Kolari-P
    Boehmer Corrado Cowan Jaffe Kolari Musumeci Newey-West Newey West Pape Patell Politis Poulsen
    Pynnönen Romano Student Wilson Zivney
    n p q r t sd
    """.split()  # noqa: SIM905 - easier to read and to add to
)
"""Abbreviations, units, placeholders of commands, and names of programs and of tests."""

_STANDING = (
    r"`[^`]*`|\bscreener(?: [a-z]+){1,3}",  # commands to type
    r"\b[a-z][\w.\[\]]*(?= ?= ?\S)",  # a key, before its value
    r"(?:可选|之一|之列|现有|相近的有|可用)[^：]{0,6}：[\w、, .-]+",  # what may be typed instead
    r"\.toml，[\w.\[\]]+|键 [\w.\[\]]+",  # keys of a file
    r"数据表 [a-z_]+(?: 与 [a-z_]+)?",  # tables of the lake
    r"--[a-z][\w-]*(?:[ =](?:[\w.,:+*<>%/\\-]+|'[^']*'))?",  # an option, and the value behind it
    r"'[^']*'|\"[^\"]*\"",  # what somebody wrote
    r"\$\{?\w+\}?|\{\w+\}",  # variables of the environment
    r"(?:[A-Za-z]:)?[\w.~*-]*[/\\][\w./\\~*<>-]*",  # paths
    r"\b[\w-]+\.(?:toml|csv|xlsx|html?|json|parquet|txt|pdf|po|py|duckdb|ducklake|wal)\b",  # files
    r"\b[A-Z0-9]{1,10}\.(?:SH|SZ|BJ|HK|CSI|SI|WI)\b|\b(?:SH|SZ|BJ|HK|SI|XSHG|XHKG)\b",  # listings
    r"\b\w+_\w+\b",  # columns and keys
    r"\b\w+(?:\[\d*\])?\.\w+(?:\.\w+)*\b|\[\[\w+\]\]|\b[a-z]+\[\d+\]",  # keys within keys
    r"\b[A-Za-z]*-?\d[\w+:.]*(?:-\w+)*",  # numbers, ids, moments such as 2026-05-14T19:48+08:00
    r"\bU\+[0-9A-F]*",
)
_WORD = re.compile(r"[A-Za-z][A-Za-zö-]*")


def stray(text: str, own: Iterable[str] = ()) -> list[str]:
    """Return the words in Latin letters that have no business in a Chinese text.

    Parameters
    ----------
    text
        What somebody reads.
    own
        What may stand in this text besides, such as names of baskets, of tables or of columns.
    """
    for known in sorted(own, key=len, reverse=True):
        text = text.replace(known, " ")
    for pattern in _STANDING:
        text = re.sub(pattern, " ", text, flags=re.ASCII)
    return [word for word in _WORD.findall(text) if word not in MAY_STAND]
