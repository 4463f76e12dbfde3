"""Which broker signs a document, or is the one whose report it tells of; who carries it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from ahocorasick_rs import AhoCorasick, MatchKind

from screener.reports.authors.brokers import (
    BrokerMention,
    Medium,
    broker_of_licence,
    brokers,
    media,
)
from screener.reports.text.text import Text
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["cites", "medium_in", "reported_broker", "signing_broker"]

_CITED_BEFORE = re.compile(
    r"(?:据|根据|援引|引用|参考|来自|转自|摘自|例如|包括|如|券商|机构|[^料据]来源:)$"
)
_ENGLISH_SAID = (
    r"(?:up|down)grade[sd]|lower(?:s|ed)|raise[sd]|cuts?|keeps?|kept|sa(?:id|ys)|maintain(?:s|ed)|"
    r"reiterate[sd]|initiate[sd]|expects?|believes?|analysts?(?!:)"
)
_CITED_AFTER = re.compile(
    rf"{_ENGLISH_SAID}|"
    r"(?:最新|近日|日前|今日|昨日|近期|\d{1,2}月\d{1,2}日)?(?:的?研报|(?:的|发布?|最新)*(?:研究)?报告(?:指|认为|称|显示|表示|说)|指出|认为|"
    r"表示|称|预计|预测|看好|首席|分析师(?![:声承团])|发布|发表|研报|(?:宏观|策略|固收|金工|行业)?团队|建议|测算|给予|维持|上调|下调)"
)
_SIGNED_BEFORE = re.compile(
    r"(?:本报告由|本报告为|本研究报告由|本报告版权(?:仅)?(?:归|为)|版权(?:仅)?(?:归|为)|未经|"
    r"出处为|注明出处为|本报告(?:仅)?供|仅供|以下简称[:]?[“\"]|以下内容从|内容由|劵商|[券劵]商:|机构:|机构名称:|preparedby|issuedby|©)$"
)
_SIGNED_AFTER = re.compile(
    r"(?:股份)?有限(?:责任)?公司|(?:证券)?(?:经济|金融工程|产业|发展|与|金融|战略|财富管理)*研究(?:所|院|部|发展部|"
    r"中心|发展中心)|研发中心|研究(?![一-龥])|证券研究报告(?!指出|认为|称|显示)|版权所有|具[备有].{0,16}资格|"
    r"(?:股票|行业|公司)?(?:投资)?评级(?:说明|标准|定义|体系|系统|制度)|分析师:|客户使用|及其(?:关联|附属)|"
    r"(?:Group|Global|Equity)*(?:Research|RESEARCH|SECURITIES|estimates|Securities(?:Limited|Ltd|\||,|\.|$))|分销"
)
# A name and a time under a headline, or above the first section, sign it.
_STAMP_AFTER = re.compile(
    r"(?:(?:证券|经济)*研究[所院部]|研究中心)?"
    r"(?:[·|:,_/-]{1,3}20\d\d[年/.-]\d{1,2}[月/.-]\d{1,2}|20\d\d[年/.-]\d{1,2}[月/.-]\d{1,2}日?\d{1,2}:\d\d)"
)
_MAIL = re.compile(r"@([A-Za-z0-9-]{1,30}(?:\.[A-Za-z0-9-]{1,20}){1,3})")
_SIGNATURES = 600  # characters in which a document is signed by a name and a time
_PUBLISHED_BEFORE = re.compile(r"(?:不代表|转自|转载自|首发于|发布于|关注|下载|本文由|来自)[“《]?$")
_PUBLISHED_AFTER = re.compile(
    r"(?:APP)?[”》]?(?:平台|客户端|网站)?(?:的?(?:观点|立场)|不对|不承担|不保证|独家|编辑|整理|原创|讯[,|]|出品)"
)
_ABBREVIATED = re.compile(r".{0,16}以下简称")
_SUBJECT = re.compile(r"[(\[【]?\d{5,6}")  # a code: the broker itself is what the report is about
_REPORTED = re.compile(
    r"(?:[(\[【]\d{5,6}[^)\]】]{0,4}[)\]】])?(?:证券)?(?:最新|近日|日前|今日|昨日|近期|周[一二三四五六日]|于?20\d\d年\d{1,2}月(?:\d{1,2}日)?)*"
    r"(?:(?:发布|发表|推出|出具|发|的)?(?:了|最新)?[^。,;:]{0,8}?(?:研报|研究报告|报告|点评)|report|note|research|Research)"
)
_SAID = re.compile(rf"指出|认为|表示|称|预计|发布|看好|{_ENGLISH_SAID}")
_HEADED = re.compile(
    r":|(?:预|首)?料|(?:上调|下调|调升|调降|[升降])(?!级)|首?予|重申|维持|看好|预期|预计|首次覆盖|最?新?评级"
)
_OPENING = 400
_TEAM_BEFORE = re.compile(r"(?:^|[【\[(|“])$")
_PART_OF_NAME = ("-", "_")  # 液冷点评-某证券-260428.pdf
_HEADLINE, _BEGINS = 12, ("", "》", "】", "]", "|", "丨", "·")
_SOURCE = 60
_INSTITUTES = ("研究", "Research")
_FIRST = 3
_HEAD = 150
_ENOUGH = 3
_OFTEN = 3  # a footer may repeat on every page


def cites(clean: str, mention: BrokerMention) -> bool:
    """Tell whether a place names a broker as the source of what is said there."""
    start, end = mention.place
    if _CITED_BEFORE.search(clean[max(0, start - 6) : start]):
        return True
    return _CITED_AFTER.match(clean, end, end + 16) is not None


def signing_broker(
    clean: str,
    mentions: Iterable[BrokerMention],
    licences: Iterable[str],
    text: Text | None = None,
) -> str:
    """Return the broker that signs a document, which is not one that it merely cites.

    Parameters
    ----------
    clean
        `Text.clean`.
    mentions
        What `brokers_in` found in it.
    licences
        Registration numbers of its analysts.
    text
        The text that it is of, whose blanks show what stands apart.

    Returns
    -------
    str
        Its name; empty if none signs.
    """
    scores: Counter[str] = Counter()
    mentions = list(mentions)
    if apart := _apart_in_head(clean, mentions, text):
        scores[apart] += 1
    several = len({one.name for one in mentions if cites(clean, one)}) > 1
    for (name, _), weights in _grouped(clean, mentions, several=several).items():
        often = _OFTEN if weights[0] >= _ENOUGH else 1  # a name in the head is subject or author
        scores[name] += sum(weights[:often])
    for name in {_by_domain()[one] for one in _mails(clean) if one in _by_domain()}:
        scores[name] += 4
    for code in {licence[:5] for licence in licences}:
        issued = [broker.name for broker in broker_of_licence(code)]
        named = [name for name in issued if scores[name] > 0]
        for name in named[:1] or issued[:1]:
            scores[name] += 6
    best = max(scores.items(), key=lambda item: item[1], default=("", 0))
    return best[0] if best[1] >= _ENOUGH else ""


def reported_broker(clean: str, mentions: Sequence[BrokerMention]) -> str:
    """Return the one broker whose report a text tells of: 某证券研报表示, in its first sentence.

    Parameters
    ----------
    clean
        `Text.clean`.
    mentions
        What `brokers_in` found in it.

    Returns
    -------
    str
        Its name; empty if none, or if the text tells of others too.
    """
    told = [one for one in mentions if _is_reported(clean, one)]
    cited = [one for one in mentions if not one.brief and cites(clean, one)]
    told = told or [one for one in cited if _SAID.match(clean, one.place.end)]
    names, others = {one.name for one in told}, {one.name for one in cited}
    first = told[0].place.start < _OPENING if told else False
    return told[0].name if first and len(names | others) == 1 else ""


def _is_reported(clean: str, mention: BrokerMention) -> bool:
    start, end = mention.place
    if _REPORTED.match(clean, end, end + 30):
        return True
    # 某行:收入超预期, 某行料需求增长, as a headline begins.
    begins = start < _HEADLINE and clean[start - 1 : start] in _BEGINS
    return begins and _HEADED.match(clean, end) is not None


def _apart_in_head(clean: str, mentions: Sequence[BrokerMention], text: Text | None) -> str:
    """Return the one broker that a head names, in full and with blanks on both sides."""
    head = [one for one in mentions if one.place.start < _HEAD and not one.brief]
    if text is None or len({one.name for one in head}) != 1:
        return ""
    apart = any(
        text.blank_before(one.place.start)
        and text.blank_before(one.place.end)
        and not cites(clean, one)
        and not _SUBJECT.match(clean, one.place.end)
        for one in head
    )
    return head[0].name if apart else ""


def medium_in(clean: str) -> str:
    """Return the medium that publishes a document, which is not one that it merely cites.

    Parameters
    ----------
    clean
        `Text.clean`.

    Returns
    -------
    str
        Its name; empty if none shows itself, in the head or in a disclaimer.
    """
    scores: Counter[str] = Counter()
    for index, start, end in _media_automaton().find_matches_as_indexes(clean):
        own = _PUBLISHED_BEFORE.search(clean[max(0, start - 10) : start]) is not None
        own = own or _PUBLISHED_AFTER.match(clean, end, end + 16) is not None
        scores[_media_names()[index].name] += 3 * own or 2 * (start < _HEAD)
    best = max(scores.items(), key=lambda item: item[1], default=("", 0))
    return best[0] if best[1] > 1 else ""


def _grouped(
    clean: str, mentions: Iterable[BrokerMention], *, several: bool
) -> dict[tuple[str, int], list[int]]:
    # What a broker's places weigh, kind by kind: a footer on every page is one kind of evidence.
    grouped: dict[tuple[str, int], list[int]] = {}
    for mention in mentions:
        weight = _weight(clean, mention, several=several)
        if weight:
            grouped.setdefault((mention.name, weight), []).append(weight)
    return grouped


def _weight(clean: str, mention: BrokerMention, *, several: bool) -> int:
    start, end = mention.place
    if start < _SOURCE and clean.endswith("来源:", 0, start) and not mention.brief:
        return 4  # a reprint names its source before anything else
    if cites(clean, mention):
        return 0
    after = _SIGNED_AFTER.match(clean, end, end + 30) is not None
    before = _SIGNED_BEFORE.search(clean[max(0, start - 12) : start]) is not None
    if after and _ABBREVIATED.match(clean, end, end + 30):
        return 5
    if _TEAM_BEFORE.search(clean, max(0, start - 1), start) and _team().match(clean, end, end + 12):
        return 3
    if start < _SIGNATURES and _STAMP_AFTER.match(clean, end, end + 40):
        return 5
    if mention.brief and not (after or before):
        return 0
    if after or before:
        return 3 * after + 4 * before
    if start < _SIGNATURES and (weight := _signature(clean, mention, several=several)):
        return weight
    return 0 if _SUBJECT.match(clean, end) else 2 * (start < _HEAD) + (start < _FIRST)


def _signature(clean: str, mention: BrokerMention, *, several: bool) -> int:
    """Return what a name weighs in the name of a file, or as that of an institute."""
    start, end = mention.place
    if clean.startswith(_PART_OF_NAME, end) and clean.endswith(_PART_OF_NAME, 0, start):
        return 3
    return 3 * (clean[start:end].endswith(_INSTITUTES) and not several)


@cache
def _team() -> re.Pattern[str]:
    """Return what follows a house in the name of a team: 【某某电子】, 某某通信丨."""
    industries = alternatives(read_table("ratings")["industries"])
    return re.compile(rf"(?:{industries}){{1,2}}(?:行业|团队|研究)?[】\]|丨·:”]")


def _mails(clean: str) -> Iterator[str]:
    """Yield the domains of mail addresses: without white space, words may follow one."""
    for match in _MAIL.finditer(clean):
        parts = match[1].lower().split(".")
        yield from (
            ".".join(parts[first:last])
            for first in range(len(parts) - 1)
            for last in range(first + 2, len(parts) + 1)
        )


@cache
def _by_domain() -> dict[str, str]:
    return {domain: broker.name for broker in brokers() for domain in broker.domains}


@cache
def _media_names() -> tuple[Medium, ...]:
    return tuple(medium for medium in media() for _ in medium.names)


@cache
def _media_automaton() -> AhoCorasick:
    patterns = [name for medium in media() for name in medium.names]
    return AhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest)
