"""The table of a weekly that tells the climate of each sector: 光模块, 稳健向上."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["climate_in"]

_HEAD = re.compile(r"景气(?:度|指标|判断|跟踪|程度|状况)")
_CELL = re.compile(r"[^\t|\n]+")
_SECTOR = re.compile(r"[A-Za-z0-9\u4e00-\u9fff/&+()（）·\- ]{2,14}")
_OUTLOOK = re.compile(
    r"(?:高景气|景气|稳健|加速|拐点|底部|持续|平稳|边际|略有|快速|触底|低位|高位|下行|上行|弱势|强势|企稳)"
    r"(?:高景气|景气)?(?:维持|向上|向好|向下|企稳|承压|下行|上行|回升|回落|改善|放缓|趋缓|运行|震荡|略降|略升)"
)
_HEAD_CELLS = frozenset({"板块", "行业", "赛道", "子行业", "细分板块", "细分行业"})
_REACH = 6_000  # characters of a table
_LEAST = 2  # rows


def climate_in(original: str) -> Iterator[tuple[str, str]]:
    """Yield sectors with their outlook, as a table of the text prints them.

    Cells are parted by tabs, borders or line ends; a row is a sector's name beside an outlook.
    """
    seen: set[str] = set()
    end = 0
    for head in _HEAD.finditer(original):
        if head.start() < end:
            continue
        rows, end = _rows(original, head.end())
        if len(rows) < _LEAST:
            continue
        for sector, outlook in rows:
            if sector not in seen:
                seen.add(sector)
                yield sector, outlook


def _rows(original: str, start: int) -> tuple[list[tuple[str, str]], int]:
    """Return the rows behind a head, and where they end."""
    rows: list[tuple[str, str]] = []
    before, end = "", start
    for match in _CELL.finditer(original, start, start + _REACH):
        cell = match[0].strip()
        if not cell:
            continue
        if _OUTLOOK.fullmatch(cell) and _SECTOR.fullmatch(before) and before not in _HEAD_CELLS:
            rows.append((before, cell))
            end = match.end()
        before = cell
    return rows, end
