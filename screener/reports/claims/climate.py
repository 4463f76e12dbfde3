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
_REACH = 1_000  # characters from a head, or a row, to the next row
_LEAST = 2  # rows


def climate_in(original: str) -> Iterator[tuple[str, str]]:
    """Yield sectors with their outlook, as a table of the text prints them.

    Cells are parted by tabs, borders or line ends; a row is a sector's name beside an outlook.
    """
    rows: list[tuple[str, str]] = []
    before, headed = "", -_REACH
    for match in _CELL.finditer(original) if _HEAD.search(original) else ():
        cell = match[0].strip()
        if not cell:
            continue
        row = _OUTLOOK.fullmatch(cell) and _SECTOR.fullmatch(before)
        if row and match.start() - headed < _REACH and before not in _HEAD_CELLS:
            rows.append((before, cell))
            headed = match.start()
        if _HEAD.search(cell):
            headed = match.start()
        before = cell
    if len(rows) >= _LEAST:
        yield from _first_of_each(rows)


def _first_of_each(rows: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for sector, outlook in rows:
        if sector not in seen:
            seen.add(sector)
            yield sector, outlook
