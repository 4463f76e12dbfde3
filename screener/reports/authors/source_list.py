"""The list of sources of a digest: one broker note an item, in whatever punctuation.

An item gives a broker, then analysts, registration numbers, a title and a date in any order that
keeps names beside their numbers. What is no field of known form is the title.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from screener.domain.report import Analyst, Precision, Publication
from screener.reports.authors.analysts import LICENCE, names_of_run
from screener.reports.authors.brokers import BrokerMention
from screener.reports.text.found import FoundNote
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["listed_notes"]

_HEADING = re.compile(
    r"(?:(?:研报|研究报告|报告|文章|原文|内容)(?:的)?(?:来源|出处)|(?:来源|参考|引用)(?:研报|报告)|本文来源|"
    r"资料来源(?=[:*#-]*(?:\d|[(①一])))[:*#-]*"
)
_MARKER = re.compile(
    r"(?P<digits>\d{1,6})[、.):]$|\((?P<brackets>\d+)\)$|(?P<circled>[①-⑳])[、.):]?$|"
    r"(?P<han>[一二三四五六七八九十]{1,3})[、.)]$|(?P<bullet>[●•■◆·*>-])$"
)
_UNKNOWN = re.compile(
    r"(?:[、.)①-⑳●■◆])(?P<name>[一-龥]{2,6}(?:证券|国际))"
    r"(?=[,、|/:(《-])"
)
_DATE = (
    r"[(\[【]?(?P<year>20\d\d)(?:[年./-](?P<month>\d{1,2})[月./-](?P<day>\d{1,2})日?|"
    r"(?P<month8>\d\d)(?P<day8>\d\d)(?!\d))[)\]】]?"
)
_SEPARATORS = r"[,、|/;:。.&*·()\[\]【】_-]{1,24}"
_FIELD = re.compile(
    rf"(?P<separator>{_SEPARATORS})|(?P<licence>{LICENCE.pattern})|(?P<date>{_DATE})"
    r"|《(?P<quoted>[^》]{2,80})》"
    r"|(?P<words>(?:证券|首席|行业){0,4}分析[师员]|作者|研究员|(?:SAC|执业|登记|证书|资格|编号|编码|号码|证)+|"
    r"(?:证券|经济)?研究[所院部]|研报|研究报告|报告标题|标题|发布日期|日期|发布时间|时间)"
)
_RIGHT = re.compile(
    rf"(?:(?P<licence>{LICENCE.pattern})|(?P<date>{_DATE})|(?P<separator>{_SEPARATORS})"
    r"|(?P<words>(?:证券|首席|行业){0,4}分析[师员]|作者|研究员|(?:SAC|执业|登记|证书|资格|编号|编码|号码|证){2,12}|"
    r"发布日期|日期|发布时间))$"
)
_RUN = re.compile(r"[一-龥]{2,8}")
_AFTER_NAME = re.compile(r"[,、|/;:()&-]|S\d{10}|$")
_SHORT_RUN = re.compile(r"[一-龥]{2,4}(?![一-龥])")
_NUMBERS = re.compile(
    r"(?:(?:SAC|执业|登记|证书|资格|编号|编码|号码|证|No\.?){0,8}+[:,、|/;()&-]{0,8}+"
    rf"(?:{LICENCE.pattern}))+"
)
_NAMES = re.compile(r"(?:[一-龥]{2,}+[,、|/;:(&-]*+)+")
_MARKER_LENGTH = 6
_LONGEST = 220
_TAIL = 60
_LICENSED = 2


@dataclass(slots=True)
class _Item:
    # Fields of one item as they are found.
    names: list[Place] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)
    day: date | None = None
    title: Place | None = None


def listed_notes(text: Text, mentions: Sequence[BrokerMention]) -> tuple[FoundNote, ...]:
    """Return the notes of a digest's list of sources.

    Parameters
    ----------
    text
        The digest.
    mentions
        Brokers that it names, in order.

    Returns
    -------
    tuple of FoundNote
        Numbered from 1; empty if the text has no such list.
    """
    clean = text.clean
    heading, starts = _starts(clean, mentions)
    items = []
    for number, (mention, _) in enumerate(starts, start=1):
        end = starts[number][1] if number < len(starts) else len(clean)
        item = _read(clean, mention.place.end, min(end, mention.place.end + _LONGEST))
        if item.licences or (heading and (item.day or item.title)):
            items.append((mention.name, item))
    if len(items) < (1 if heading else _LICENSED):
        return ()
    return tuple(
        _note(text, number, broker, item) for number, (broker, item) in enumerate(items, start=1)
    )


def _note(text: Text, number: int, broker: str, item: _Item) -> FoundNote:
    licences = [*item.licences, *[""] * len(item.names)]
    return FoundNote(
        number=number,
        broker=broker,
        analysts=tuple(
            Analyst(name=text.printed(place), licence=licence)
            for place, licence in zip(item.names, licences, strict=False)
        ),
        title=text.printed(item.title) if item.title else "",
        published=Publication(value=item.day, precision=Precision.DAY) if item.day else None,
    )


def _starts(
    clean: str, mentions: Sequence[BrokerMention]
) -> tuple[bool, list[tuple[BrokerMention, int]]]:
    # Brokers that begin an item, each with the offset of its marker.
    known = {mention.place.start for mention in mentions}
    others = [
        BrokerMention(match["name"], Place(*match.span("name")), brief=False)
        for match in _UNKNOWN.finditer(clean)
        if match.start("name") not in known
    ]
    every = sorted([*mentions, *others], key=lambda mention: mention.place)
    starts = [mention.place.start for mention in every]
    headings = [match.end() for match in _HEADING.finditer(clean)]
    for end in reversed(headings):
        first, soon = bisect_left(starts, end), bisect_right(starts, end + _MARKER_LENGTH + 1)
        listed = _marked(clean, every[first:soon], end)
        if listed and listed[0][1] - end <= 1:
            return True, _marked(clean, every[first:], end)
    return False, _marked(clean, every, None)


def _marked(
    clean: str, mentions: Sequence[BrokerMention], heading: int | None
) -> list[tuple[BrokerMention, int]]:
    found: list[tuple[BrokerMention, int]] = []
    for mention in mentions:
        start = mention.place.start
        marker = _MARKER.search(clean, max(0, start - _MARKER_LENGTH), start)
        if marker is not None:
            found.append((mention, _marker_start(marker, len(found) + 1)))
        elif heading is not None and (start == heading or clean[start - 1] in "。;日》)"):
            found.append((mention, start))
    return found


def _marker_start(marker: re.Match[str], number: int) -> int:
    # 2026.5.1 and 2、 print as 2026.5.12、: the number expected is the marker, the rest the date's.
    digits = marker["digits"]
    if digits is None:
        return marker.start()
    own = len(str(number)) if digits.endswith(str(number)) else 1
    return marker.start() + len(digits) - own


def _read(clean: str, start: int, end: int) -> _Item:
    item = _Item()
    start = _from_left(clean, start, end, item)
    end = _ended(clean, start, end)
    end = _from_right(clean, start, end, item)
    rest = clean[start:end].strip('《》"')
    if item.title is None and len(rest) >= 2:
        offset = clean.index(rest, start)
        item.title = Place(offset, offset + len(rest))
    return item


def _from_left(clean: str, start: int, end: int, item: _Item) -> int:
    while start < end:
        match = _FIELD.match(clean, start, end)
        if match is None:
            match = _names_at(clean, start, end, item)
            if match is None:
                return start
        elif match["licence"]:
            item.licences.append(match["licence"])
        elif match["date"]:
            item.day = item.day or _day(match)
        elif match["quoted"]:
            item.title = item.title or Place(*match.span("quoted"))
        start = match.end()
    return start


def _names_at(clean: str, start: int, end: int, item: _Item) -> re.Match[str] | None:
    run = _RUN.match(clean, start, end)
    if run is None or item.title or (item.licences and len(item.names) >= len(item.licences)):
        return None
    name = _label().split(run[0], maxsplit=1)[0]
    if _AFTER_NAME.match(clean, run.end(), end) is None and name == run[0]:
        return None
    numbered = 2 <= len(name) <= 4 and _numbered(clean, run.start(), end)
    lengths = names_of_run(name) or ((len(name),) if numbered else ())
    if not lengths or name in _industries():
        return None
    for length in lengths:
        item.names.append(Place(start, start + length))
        start += length
    return re.compile(re.escape(name)).match(clean, run.start())


def _numbered(clean: str, start: int, end: int) -> bool:
    # As many short words as numbers after them: names, whatever they begin with.
    numbers = _NUMBERS.search(clean, start, end)
    if numbers is None or _NAMES.fullmatch(clean, start, numbers.start()) is None:
        return False
    names = _SHORT_RUN.findall(clean[start : numbers.start()])
    return len(names) <= len(LICENCE.findall(numbers[0]))


def _ended(clean: str, start: int, end: int) -> int:
    # The last item runs into what follows: it ends with its date, or else with its sentence.
    dates = [match.end() for match in re.finditer(_DATE, clean[start:end])]
    if dates:
        return start + dates[0]
    stop = clean.find("。", start, end)
    return stop if stop >= 0 else min(end, start + _TAIL)


def _from_right(clean: str, start: int, end: int, item: _Item) -> int:
    licences: list[str] = []
    names: list[Place] = []
    while start < end:
        match = _right(clean, start, end)
        if match is None:
            name = _last_name(clean, start, end) if len(names) < len(licences) else None
            if name is None:
                break
            names.insert(0, name)
            end = name.start
            continue
        if match["licence"]:
            licences.insert(0, match["licence"])
        elif match["date"]:
            item.day = item.day or _day(match)
        end = match.start()
    item.names.extend(names)
    item.licences.extend(licences)
    return end


def _right(clean: str, start: int, end: int) -> re.Match[str] | None:
    # Only the tail can hold the field that ends here.
    return _RIGHT.search(clean, max(start, end - 24), end)


def _last_name(clean: str, start: int, end: int) -> Place | None:
    match = re.compile(r"(?<=[,、|/;:(。》-])[一-龥]{2,4}$").search(clean, max(start, end - 6), end)
    return Place(*match.span()) if match else None


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(
            int(match["year"]),
            int(match["month"] or match["month8"]),
            int(match["day"] or match["day8"]),
        )
    except ValueError:
        return None  # a number that looks like a date


@cache
def _label() -> re.Pattern[str]:
    table = read_table("analysts")
    return re.compile(alternatives([*table["signing"], *table["around"]]))


@cache
def _industries() -> frozenset[str]:
    return frozenset(read_table("ratings")["industries"])
