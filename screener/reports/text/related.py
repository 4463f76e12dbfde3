"""Headlines of other news that a site prints in the middle of a text: 相關內容《大行》某行升甲….

They speak of other companies than the row or the sentence that they cut in two.
"""

from __future__ import annotations

import re
from functools import lru_cache

from screener.reports.text.text import Place, Text

__all__ = ["related_headlines"]

_MARK = re.compile(r"相关(?:内容|新闻|文章)(?P<column>《[^《》]{1,8}》)?")
# The next row of a table of live prices: a name, its code, the change and its share.
_ROW = re.compile(
    r"[\u4e00-\u9fffA-Za-z-]{2,10}\(\d{4,5}(?:\.HK)?\)[+-]?\d{1,6}\.\d{1,4}\([+-]?\d{1,6}\.\d"
)
_LONGEST = 120


@lru_cache(maxsize=2)  # asked for by several readers of one text
def related_headlines(text: Text) -> tuple[Place, ...]:
    """Return where such headlines stand: to the next row, the end of the line or a full stop.

    Without the name of a column, 《大行》, only a row tells that it is one: the words are also said
    of what a report itself holds.
    """
    found = []
    for match in _MARK.finditer(text.clean):
        start, end = match.span()
        row = _ROW.search(text.clean, end, end + 2 * _LONGEST)
        if row is None and not match["column"]:
            continue
        line = text.line(Place(start, end))
        stop = text.clean.find("。", end, end + _LONGEST)
        ends = [end + _LONGEST, len(text.clean)]
        ends += [row.start()] if row else []
        ends += [line.end] if line else []
        ends += [stop] if stop >= 0 else []
        found.append(Place(start, min(ends)))
    return tuple(found)
