"""What the lines above a header say: of which listing the rows are, how adjusted, how long."""

from __future__ import annotations

import re

from screener.data.lake.schema import Basis
from screener.data.sources.files.request import ImportKind, ImportRequest
from screener.data.sources.files.tables.raw import RawFile
from screener.domain.listing import Kind, Listing, parse_listing
from screener.errors import InputError, ScreenerError
from screener.language import say

__all__ = ["listing_of_title", "refuse_other_bars"]

_CODE = re.compile(
    r"(?:^|[\s(:,，（：])"
    r"((?:SH|SZ|BJ|HK)[.:#]?[0-9]{5,6}|[0-9]{4,6}[.](?:SH|SS|SZ|BJ|HK|XSHG|XSHE)|[0-9]{6}|0[0-9]{4})"
    r"(?![0-9A-Za-z.]|\s*[年月行条股元])",
    re.IGNORECASE,
)
_INDEX = re.compile("指数|指數|综指|成指|上证|沪深|中证|深证|科创[0-9]|国证")
_BASES = {
    "不复权": Basis.RAW,
    "未复权": Basis.RAW,
    "前复权": Basis.ADJUSTED,
    "后复权": Basis.ADJUSTED,
    "等比复权": Basis.ADJUSTED,
}
_OTHER_PERIODS = re.compile("周线|月线|季线|年线|[0-9一二三四五六十]+分钟|分时|分笔")


def listing_of_title(raw: RawFile, kind: Kind) -> Listing | None:
    """Return the one listing that the lines above the header name; `None` without one.

    A bare code beside the name of an index is the index.
    """
    found = set()
    for title in raw.titles:
        wanted = Kind.INDEX if _INDEX.search(title) else kind
        for match in _CODE.finditer(title):
            try:
                found.add(parse_listing(match[1], kind=wanted))
            except ScreenerError:  # a number that is no code
                continue
    return found.pop() if len(found) == 1 else None


def refuse_other_bars(raw: RawFile, request: ImportRequest) -> None:
    """Refuse bars whose title says that they are of other sessions, or adjusted in another way.

    Raises
    ------
    InputError
        If it does.
    """
    if request.kind not in (ImportKind.BARS, ImportKind.INDEX):
        return
    title = " ".join(raw.titles)
    period = _OTHER_PERIODS.search(title)
    if period is not None:
        raise InputError(
            say("these are no daily bars: the title says {period}", period=period[0]),
            where=raw.label,
            fix=say("export the daily ones (日线)"),
        )
    for word, basis in _BASES.items():
        if word in title and request.basis is not None and basis is not request.basis:
            raise InputError(
                say("the title says {word}, --basis says {basis}", word=word, basis=request.basis),
                where=raw.label,
                fix=say("import it with --basis {basis}", basis=basis),
            )
