"""Brokers that publish research, and which of them signs a document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from screener.reports.text.text import Place, Text, clean_name
from screener.reports.text.vocabulary import is_word, read_table

__all__ = [
    "UNKNOWN_BROKER",
    "Broker",
    "BrokerMention",
    "Medium",
    "broker_named",
    "broker_of_licence",
    "brokers",
    "brokers_in",
    "cites",
    "media",
    "medium_in",
    "reported_broker",
    "signing_broker",
]

UNKNOWN_BROKER = "unknown"
"""Broker of a report that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker that publishes research.

    Parameters
    ----------
    name
        As its reports sign it.
    names
        Every way in which it is written, its name included, as `Text.clean` shows it.
    listings
        Shares of the broker itself, if it is listed.
    codes
        First four digits of its analysts' registration numbers, as far as known.
    domains
        Of its analysts' mail addresses, as far as known.
    """

    name: str
    names: tuple[str, ...]
    listings: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A medium that republishes research or gathers it into digests."""

    name: str
    names: tuple[str, ...]


class BrokerMention(NamedTuple):
    """A place at which a text names a broker.

    Parameters
    ----------
    name
        As its reports sign it, or as printed if no table has it.
    place
        Where it stands in `Text.clean`.
    brief
        Whether only its two-character short form is printed, which is often another word.
    """

    name: str
    place: Place
    brief: bool


_LEGAL = re.compile(r"(?:股份)?有限(?:责任)?公司$|(?:证券)?研究(?:所|院|部|中心)$")
# A broker that no table has: it signs as an institute or as a company.
_SIGNING = re.compile(
    r"证券(?=(?:经济)?研究(?:所|院|部|中心)|(?:股份)?有限(?:责任)?公司|\(以下简称|[”\"]\))"
)
_UNKNOWN = re.compile(r"(?:^|[^一-龥]|[由经归者称为])(?P<name>[一-龥]{2,5})$")
_NO_NAME = re.compile(
    r"从事|相关|中国证|上市|所涉|买卖|持有|涉及|我国|国内|公司证|有关|各类|该等|任何|来源|发行|"
    r"本报告|投资证|其他"
)
_CITED_BEFORE = re.compile(
    r"(?:据|根据|援引|引用|参考|来自|转自|摘自|例如|包括|如|券商|机构|[^料据]来源:)$"
)
_CITED_AFTER = re.compile(
    r"(?:最新|近日|日前|今日|昨日|近期|\d{1,2}月\d{1,2}日)?(?:的?研报|(?:的|发布?|最新)*(?:研究)?报告(?:指|认为|称|显示|表示|说)|指出|认为|"
    r"表示|称|预计|预测|看好|首席|分析师(?![:声承团])|发布|发表|研报|(?:宏观|策略|固收|金工|行业)?团队|建议|测算|给予|维持|上调|下调)"
)
_SIGNED_BEFORE = re.compile(
    r"(?:本报告由|本报告为|本研究报告由|本报告版权(?:仅)?(?:归|为)|版权(?:仅)?(?:归|为)|未经|"
    r"出处为|注明出处为|本报告(?:仅)?供|仅供|以下简称[:]?[“\"]|以下内容从|内容由|preparedby|issuedby|©)$"
)
_SIGNED_AFTER = re.compile(
    r"(?:股份)?有限(?:责任)?公司|(?:证券)?(?:经济|金融工程|产业|发展|与|金融|战略|财富管理)*研究(?:所|院|部|发展部|"
    r"中心|发展中心)|研究(?![一-龥])|证券研究报告(?!指出|认为|称|显示)|版权所有|具[备有].{0,16}资格|"
    r"(?:股票|行业|公司)?(?:投资)?评级(?:说明|标准|定义|体系|系统|制度)|分析师:|客户使用|及其(?:关联|附属)|"
    r"(?:Group|Global|Equity)*(?:Research|estimates|Securities(?:Limited|Ltd|\||,|\.|$))|分销"
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
_OPENING = 400
_SOURCE = 60
_INSTITUTES = ("研究", "Research")
_FIRST = 3
_HEAD = 150
_ENOUGH = 3
_OFTEN = 3  # a footer may repeat on every page


def brokers() -> tuple[Broker, ...]:
    """Return the brokers of the table: those of the mainland first, then Hong Kong and abroad."""
    return _brokers()


def broker_named(text: str) -> Broker | None:
    """Return the broker that a name means, in any script, legal form or short form.

    Parameters
    ----------
    text
        The name alone, such as `中国银河证券股份有限公司`.

    Returns
    -------
    Broker or None
        `None` if no broker of the table is called so.
    """
    name = clean_name(text)
    return _by_name().get(name) or _by_name().get(_LEGAL.sub("", name))


def broker_of_licence(licence: str) -> tuple[Broker, ...]:
    """Return the brokers, the present name first, at which a registration number was issued."""
    code = licence[1:5] if licence.startswith("S") else ""
    return tuple(broker for broker in _brokers() if code in broker.codes)


def brokers_in(clean: str, text: Text | None = None) -> tuple[BrokerMention, ...]:
    """Return every place at which a text names a broker, in order.

    Parameters
    ----------
    clean
        `Text.clean`.
    text
        The text that it is of: its blanks part a Latin name from what it would touch without them.

    Returns
    -------
    tuple of BrokerMention
        Without overlaps; of names inside each other the longest.
    """
    known = [
        BrokerMention(_names()[index].name, Place(start, end), _brief(clean[start:end]))
        for index, start, end in _automaton().find_matches_as_indexes(clean)
        if _whole(clean, start, end, text)
    ]
    taken = {offset for mention in known for offset in range(*mention.place)}
    for match in _SIGNING.finditer(clean):
        before = _UNKNOWN.search(clean, max(0, match.start() - 6), match.start())
        if before and match.start() not in taken and not _NO_NAME.search(before["name"] + "证券"):
            start, end = before.start("name"), match.end()
            known.append(BrokerMention(clean[start:end], Place(start, end), brief=False))
    return tuple(sorted(known, key=lambda mention: mention.place))


def cites(clean: str, mention: BrokerMention) -> bool:
    """Tell whether a place names a broker as the source of what is said there."""
    start, end = mention.place
    if _CITED_BEFORE.search(clean[max(0, start - 6) : start]):
        return True
    return _CITED_AFTER.match(clean, end, end + 16) is not None


def signing_broker(clean: str, mentions: Iterable[BrokerMention], licences: Iterable[str]) -> str:
    """Return the broker that signs a document, which is not one that it merely cites.

    Parameters
    ----------
    clean
        `Text.clean`.
    mentions
        What `brokers_in` found in it.
    licences
        Registration numbers of its analysts.

    Returns
    -------
    str
        Its name; empty if none signs.
    """
    scores: Counter[str] = Counter()
    mentions = list(mentions)
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
    told = [one for one in mentions if _REPORTED.match(clean, one.place.end, one.place.end + 30)]
    names = {one.name for one in told}
    others = {one.name for one in mentions if not one.brief and cites(clean, one)}
    first = told[0].place.start < _OPENING if told else False
    return told[0].name if first and len(names | others) == 1 else ""


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
    if mention.brief and not after:
        return 0
    if after and _ABBREVIATED.match(clean, end, end + 30):
        return 5
    if after or before:
        return 3 * after + 4 * before
    if start < _SIGNATURES and _STAMP_AFTER.match(clean, end, end + 40):
        return 5
    if start < _SIGNATURES and clean[start:end].endswith(_INSTITUTES) and not several:
        return 3
    return 0 if _SUBJECT.match(clean, end) else 2 * (start < _HEAD) + (start < _FIRST)


def _mails(clean: str) -> Iterator[str]:
    """Yield the domains of mail addresses: without white space, words may follow one."""
    for match in _MAIL.finditer(clean):
        parts = match[1].lower().split(".")
        yield from (
            ".".join(parts[first:last])
            for first in range(len(parts) - 1)
            for last in range(first + 2, len(parts) + 1)
        )


def _brief(name: str) -> bool:
    return len(name) <= 2 or (name.isascii() and len(name) <= 4)


def _whole(clean: str, start: int, end: int, text: Text | None) -> bool:
    # Latin letters around a Latin name make another word of it.
    if not clean[start:end].isascii():
        return True
    return not any(
        letter.isascii() and letter.isalnum() and not (text and text.blank_before(at))
        for letter, at in ((clean[start - 1 : start], start), (clean[end : end + 1], end))
    )


def _read(kind: str) -> Iterator[Broker]:
    for row in read_table("brokers")[kind]:
        stem = row["name"].removesuffix("证券")
        short = (f"{stem}研究",) if stem != row["name"] and not is_word(f"{stem}研究") else ()
        written = (row["name"], *row.get("names", ()), *short)
        yield Broker(
            name=row["name"],
            names=tuple(dict.fromkeys(clean_name(name) for name in written)),
            listings=tuple(row.get("listings", ())),
            codes=tuple(row.get("codes", ())),
            domains=tuple(row.get("domains", ())),
        )


@cache
def _brokers() -> tuple[Broker, ...]:
    return (*_read("brokers"), *_read("houses"))


@cache
def media() -> tuple[Medium, ...]:
    """Return the media of the table."""
    return tuple(Medium(name=medium.name, names=medium.names) for medium in _read("media"))


@cache
def _by_name() -> dict[str, Broker]:
    return {name: broker for broker in _brokers() for name in broker.names}


@cache
def _by_domain() -> dict[str, str]:
    return {domain: broker.name for broker in _brokers() for domain in broker.domains}


@cache
def _names() -> tuple[Broker, ...]:
    return tuple(broker for broker in _brokers() for _ in broker.names)


@cache
def _media_names() -> tuple[Medium, ...]:
    return tuple(medium for medium in media() for _ in medium.names)


@cache
def _automaton() -> AhoCorasick:
    patterns = [name for broker in _brokers() for name in broker.names]
    return AhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest)


@cache
def _media_automaton() -> AhoCorasick:
    patterns = [name for medium in media() for name in medium.names]
    return AhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest)
