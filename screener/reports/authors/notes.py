"""The notes that a document holds, who published it, and its title.

A report is one note. A digest holds several: its list of sources tells them, or, without one, the
brokers that its sections quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from screener.reports.authors.analysts import analysts_in
from screener.reports.authors.brokers import (
    BrokerMention,
    brokers_in,
)
from screener.reports.authors.signing import medium_in, reported_broker, signing_broker
from screener.reports.authors.source_list import listed_notes
from screener.reports.authors.titles import headline_of, is_front_page, marked_title
from screener.reports.ratings.definitions import definition_places
from screener.reports.ratings.ratings import industry_in, rating_in
from screener.reports.text.found import FoundNote
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["notes_in", "publisher_of", "title_of"]

_HEAD = 600
_OPENING = 60
_FRONT, _PARTED = 1500, 3  # a head with so many lines has its headline on one of them
_LONGEST = 50
_QUOTED = re.compile(
    r"(?:最新|近日|日前|今日|昨日|近期|\d{1,2}月\d{1,2}日)?(?:发布|发表)?的?(?:最新)?"
    r"(?:研报|研究报告|报告|策略|点评)?(?:中)?(?:指出|指|说|认为|表示|称)|(?:最新)?研报"
)
_DIGEST = re.compile(
    r"研报内容|研报精选|研报速递|研报汇总|研报摘要|脱水研报|研报掘金|机构观点|券商观点|机构研报|券商研报|研选|"
    r"机构论市|券商晨会|晨会精华|研报淘金|"
    r"大行(?:报告|研报|评级|动向)|机构(?:晚报|早报|日报|内参)|研报(?:精读|早读|晚读)"
)
_QUOTES = 3  # brokers quoted, that make a digest of a text which does not call itself one
_DATED = re.compile(r"20\d\d[年/.-]\d{1,2}[月/.-]\d{1,2}")
_BOOK = re.compile(r"《(?P<title>[^《》]{4,60})》")
_LAW = re.compile(r"(?:办法|通知|意见|规定|条例|指引|规划|纲要|法|公告|方案|日报|时报|周刊)$")
_FORMER = re.compile(r"(?:相关|近期|历史|前期|往期|参考|系列)(?:研究|报告){0,4}[:】]?.{0,8}$")
_NO_TITLE = re.compile(r"[《》。@]|证券|点评报告$|研究报告|S\d{10}|分析师|评级")
_STOP = (
    r"(?=20\d\d[年/.-]\d|证券?分析[师员]|分析[师员]|作者|投资要点|投资评级|核心观点|核心结论|报告摘要|摘要|事件|证券研究|"
    r"执业|联系人|评级|投资建议|重点公司|股票代码|公司|本周|上周|时间:|一、|[●■◆▶|【\[]|S\d{10}|$)"
)


def notes_in(text: Text, *, others_ratings: Sequence[Place] = ()) -> tuple[FoundNote, ...]:
    """Return the notes that a document holds.

    Parameters
    ----------
    text
        The document.
    others_ratings
        Where ratings stand that are given to companies that it is not on.

    Returns
    -------
    tuple of FoundNote
        One, numbered 0, for a report, its fields empty where the text does not tell; for a digest
        one for each source, numbered from 1.
    """
    mentions = brokers_in(text.clean, text)
    listed = listed_notes(text, mentions)
    if listed:
        return listed
    analysts = analysts_in(text)
    signed = signing_broker(text.clean, mentions, [item.licence for item in analysts], text)
    signed = signed or reported_broker(text.clean, mentions)
    quoted = _quoted(text.clean, mentions)
    if _is_digest(text.clean, quoted, signs=bool(signed), registered=bool(analysts)):
        return tuple(
            FoundNote(number=number, broker=broker) for number, broker in enumerate(quoted, start=1)
        )
    rating = rating_in(text.clean, (*definition_places(text), *others_ratings))
    return (
        FoundNote(
            broker=signed,
            analysts=analysts,
            title=title_of(text),
            rating=rating.rating if rating else "",
            rating_change=rating.change if rating else "",
            rating_level=rating.level if rating else None,
            industry=industry_in(text.clean),
        ),
    )


def publisher_of(text: Text, notes: Sequence[FoundNote]) -> str:
    """Return who published a document: the broker that signs it, or the medium of a digest.

    Parameters
    ----------
    text
        The document.
    notes
        What `notes_in` found in it.

    Returns
    -------
    str
        Empty if neither is told.
    """
    digest = any(note.number for note in notes)
    if notes and not digest and notes[0].broker:
        return notes[0].broker
    return medium_in(text.clean) or (
        signing_broker(text.clean, brokers_in(text.clean), ()) if digest else ""
    )


@lru_cache(maxsize=2)  # asked for by the reader and for the note
def title_of(text: Text) -> str:
    """Return a document's title, if its head shows one that can be told from what follows.

    Parameters
    ----------
    text
        The document.

    Returns
    -------
    str
        As printed, blanks only between Latin words; empty if there is no plausible one.
    """
    lines = sum(bool(line.strip()) for line in text.original[:_FRONT].splitlines())
    finds: list[Callable[[Text], str]] = [_of_book, _of_kind_whole]
    if lines >= _PARTED:
        finds = [headline_of, *finds]
    elif is_front_page(text.original.lstrip()):
        finds = [marked_title, *finds, headline_of]
    titles = (find(text) for find in (*finds, _of_kind, _over_date, headline_of))
    return next((title for title in titles if title), "")


def _shown(text: Text, place: Place | None) -> str:
    return text.printed(place).rstrip("—-") if place is not None else ""


def _of_book(text: Text) -> str:
    return _shown(text, _book(text.clean))


def _of_kind(text: Text) -> str:
    return _shown(text, _named_title(text.clean))


def _of_kind_whole(text: Text) -> str:
    """Return a kind of report with the words after its colon, which no kind alone is."""
    title = _of_kind(text)
    return title if re.search(r"[:：)）]", title) else ""


def _over_date(text: Text) -> str:
    return _shown(text, _above_date(text.clean))


def _is_digest(clean: str, quoted: Sequence[str], *, signs: bool, registered: bool) -> bool:
    if not quoted:
        return False
    medium = medium_in(clean)
    if signs:
        # A medium shows the charts of the brokers that it quotes, source line and all.
        return bool(medium) and not registered and len(quoted) > 1
    return bool(medium or _DIGEST.search(clean, 0, _HEAD)) or len(quoted) >= _QUOTES


def _quoted(clean: str, mentions: Sequence[BrokerMention]) -> list[str]:
    names = [
        mention.name
        for mention in mentions
        if (match := _QUOTED.match(clean, mention.place.end, mention.place.end + 20))
        and (not mention.brief or "研" in match[0])
    ]
    return list(dict.fromkeys(names))


def _book(clean: str) -> Place | None:
    match = _BOOK.search(clean, 0, _OPENING + _LONGEST)
    if match is None or match.start() > _OPENING or _LAW.search(match["title"]):
        return None
    return None if _FORMER.search(clean, 0, match.start()) else Place(*match.span("title"))


def _named_title(clean: str) -> Place | None:
    for pattern in _title_patterns():
        match = pattern.search(clean, 0, _HEAD)
        if match and match.start() <= 2 * _OPENING:
            start = match.start("kind")
            end = match.end("rest") if match["rest"] else match.end("kind")
            brokers = [mention.place.start for mention in brokers_in(clean[:end])]
            return Place(start, min([offset for offset in brokers if offset > start] or [end]))
    return None


def _above_date(clean: str) -> Place | None:
    # What stands above the time of publication, or its last part after a dash.
    date = _DATED.search(clean, 0, 2 * _LONGEST)
    if date is None or "。" in clean[: date.start()]:
        return None
    start = clean.rfind("--", 0, date.start())
    start = start + 2 if start >= 0 else 0
    end = start + len(clean[start : date.start()].rstrip("(|:,/-【"))
    if _NO_TITLE.search(clean, start, end):
        return None
    return Place(start, end) if 4 <= end - start <= _LONGEST else None


@cache
def _title_patterns() -> tuple[re.Pattern[str], ...]:
    industry = alternatives(read_table("ratings")["industries"])
    kinds = (
        "周报|双周报|月报|日报|点评|深度报告|深度研究|深度|专题报告|专题研究|专题|投资策略|年度策略|中期策略|策略报告|跟踪报告|"
        "跟踪|动态|事件点评|系列报告|系列"
    )
    number = r"(?:之?(?:[一二三四五六七八九十]{1,3}|\d{1,3}(?!\d)))?"
    rest = rf"(?:[:：](?P<rest>[^。●|]{{4,40}}?){_STOP})?"
    return (
        re.compile(
            rf"(?P<kind>(?:{industry})(?:[|/·与和及](?:{industry})){{0,6}}(?:行业)?(?:{kinds}){number}){rest}"
        ),
        re.compile(
            r"(?:(?<![一-龥A-Za-z])|(?<=报告)|(?<=研究)|(?<=点评)|(?<=[日级]))"
            r"(?P<kind>(?!日)[一-龥A-Za-z]{2,6}\((?:\d{6}(?:\.[A-Z]{2})?|\d{4,5}\.?HK)\))"
            r"[:：]?(?!证券研究|公司|研究|目标价|评级|投资|买入|增持)"
            rf"(?P<rest>[^。●|(]{{4,36}}?){_STOP}"
        ),
    )
