"""Words that tell what part names play, made into expressions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from screener.domain.report import Role
from screener.reports.text.text import clean_name
from screener.reports.text.vocabulary import WordList, alternatives, read_table

__all__ = ["ASIDE", "LIST_END", "Words", "describes", "role_words", "unnumbered"]

ASIDE = re.compile(r"\([^()]{0,80}\)|\[[^\[\]]{0,60}\]|【[^【】]{0,40}】|\*\*")
_KIND = 16  # characters that tell after 等 what the companies are: 等汽车零部件股跌逾
LIST_END = re.compile(
    r"$|[、,;。:.!?()\[|/\]【】”*#<>~_●■▶➢◆★☆※→·-]|等|在内|为代表|为首|两|三家|四家|和|及|以及|\d|[一二三四五六七八九十]{1,2}[、.]"
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words, made into expressions."""

    lead: WordList
    roles: dict[str, Role]
    close: frozenset[str]
    weak: frozenset[str]
    negations: tuple[str, ...]
    busy: tuple[str, ...]
    not_after: tuple[str, ...]
    tails: tuple[tuple[Role, re.Pattern[str]], ...]
    advised: re.Pattern[str]
    advice_heading: re.Pattern[str]
    advice_end: re.Pattern[str]
    catalogue: re.Pattern[str]
    no_theme: re.Pattern[str]
    one_by_one: frozenset[str]
    against: re.Pattern[str]
    not_prices: tuple[str, ...]
    moves: re.Pattern[str]
    declined: re.Pattern[str]
    picked: re.Pattern[str]
    dated_picks: re.Pattern[str]
    subjects: re.Pattern[str]
    pick_table: re.Pattern[str]


@cache
def role_words() -> Words:
    """Return the words of `tables/cues.toml` that tell a part."""
    table = read_table("cues")
    advice = table["recommended"]
    roles: dict[str, Role] = {}
    for role in (Role.MENTIONED, Role.MOVER, Role.RISK, Role.RECOMMENDED):
        words = [*table[role]["lead"], *table[role].get("weak", ())]
        roles.update(dict.fromkeys((clean_name(word) for word in words), role))
    return Words(
        lead=WordList(roles),
        roles=roles,
        close=_set(advice["close_only"]),
        weak=_set(table["mentioned"]["weak"]),
        negations=tuple(_set(advice["negations"])),
        busy=tuple(_set(advice["busy_before"])),
        not_after=tuple(_set(advice["not_after"])),
        tails=tuple(
            (
                role,
                re.compile(
                    rf"(?:等[^,。;:、!?\[-]{{0,{_KIND}}}?|[^,。;:、!?\[-]{{0,{reach}}}?)"
                    rf"(?:{alternatives(table[role]['tail'])})"
                ),
            )
            for role, reach in ((Role.RECOMMENDED, 16), (Role.RISK, 12), (Role.MOVER, 4))
        ),
        advised=re.compile(
            rf"(?:^|,)(?:[*]{{2}})?(?P<all>[两三四五]家公司均?|二者|两者|三者|均|都|上述公司|以上公司|上述标的|以上标的)?"
            rf"(?:{alternatives(advice['leading_words'])}){{0,4}}(?:[*]{{2}})?(?:{alternatives(advice['leading_words'])}){{0,2}}"
            r"(?:[各均]?(?:获得?|得|被|受到?)(?:\d{1,3}|[多数两几三四五六七八九十])家?(?:券商|机构)?"
            r"(?:联合|重点|集中|共同|同时)?)?"
            rf"(?:{alternatives(advice['closing'])}|[为是][^,;。]{{1,8}}首选)(?:评级|标的|股)?(?=$|[,.(\[<*-])"
        ),
        advice_heading=re.compile(
            rf"(?:{alternatives(advice['sections'])})(?!{alternatives(advice['no_heading'])})"
        ),
        advice_end=re.compile(alternatives(advice["section_ends"])),
        catalogue=re.compile(alternatives(advice["catalogues"])),
        no_theme=re.compile(alternatives(advice["no_themes"])),
        one_by_one=_set(advice["told_one_by_one"]),
        not_prices=tuple(_set(table["mover"]["not_prices"])),
        moves=re.compile(
            r"(?:\(\d{1,6}(?:\.?HK)?\)|[)\]】]){0,2}(?:(?:等)?(?:分别|[各均皆齐则再昨曾亦也])?(?:本周|今日|昨日|早段|午后|"
            r"一度|股价|收市|反弹|急|逆市|轻微){0,3}"
            rf"(?:{alternatives(table['mover']['verbs'])})(?:幅|逾|超|近|约|达|至|多)?[+-]?\d"
            rf"|(?:shares)?(?:{alternatives(table['mover']['english'])})(?:by)?[+-]?\d)"
        ),
        declined=re.compile(
            rf"(?:{alternatives(advice['declined'])}|不在[^,。;]{{0,8}}(?:之列|范围|名单)(?:内|中)?)(?=[,。;)]|$)"
        ),
        picked=re.compile(
            r"[)\]】]?(?:is|are|remains?)(?:still)?(?:our|the|its|their)?[A-Za-z]{0,12}"
            r"(?:picks?|favou?rites?|choice)"
        ),
        dated_picks=re.compile(alternatives(advice["dated_picks"])),
        subjects=re.compile(rf"(?<![不勿])(?:{alternatives(advice['subjects'])})"),
        against=re.compile(rf"(?:{alternatives(table['risk']['against'])})的?(?:相关|行业|板块)?$"),
        pick_table=re.compile(alternatives(advice["pick_tables"])),
    )


def _set(words: Sequence[str]) -> frozenset[str]:
    return frozenset(clean_name(word) for word in words)


def unnumbered(text: str) -> str:
    """Return a stretch without the number of an item that it begins with."""
    return re.sub(r"^[\d一二三四五六七八九十①-⑩.、()]+", "", text)


# What describes the names after it, however long: 具备平台能力的龙头企业甲、乙.
_DESCRIBES = re.compile(
    r"[^,;:。]{0,48}(?:的|龙头|龙头股|企业|公司|标的|厂商|供应商|服务商|运营商|品牌|领军|代表|如|包括|港股|A股)"
)


def describes(stub: str) -> bool:
    """Tell whether words describe the names that follow them."""
    return _DESCRIBES.fullmatch(stub) is not None
