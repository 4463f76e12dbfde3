"""What stands right before and right after a name: edges of words, sources, companies spoken of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from screener.reports.securities.candidates import EDGE, Candidate
from screener.reports.securities.name_index import Trust
from screener.reports.text.text import Place, Text, clean_name
from screener.reports.text.vocabulary import alternatives, begins_with_verb, ordinary, read_table

__all__ = ["are_houses", "weigh_edges"]

# A figure of a row or a move; a day, a year or the number of a list is none.
_FIGURE_AFTER = re.compile(r"[:+-]{0,2}\d{1,9}(?:,\d{3}){0,4}(?:\.\d|%)")
_DATED_AFTER = re.compile(r"[·|,:-]{0,3}(?:19|20)\d\d[-年/.]\d")
_FIRM_END = re.compile(r"(?:股份|集团|控股|药业|实业|银行|酒业|乳业|矿业|锂业|铜业|重工)$")
_SPENDING = re.compile(r"资本(?:开支|支出|性|运作|金|充足|公积)|基金(?:重仓|持仓|持股)")
_DAY_BEFORE = re.compile(r"\d日$")
_DAY_AFTER = re.compile(r"\d{1,4}[年月日./-]")
_NAMELIKE = (Trust.DISTINCT, Trust.COMPOUND, Trust.RARE, Trust.SHORT)  # beside which a name ends
_RATED_AFTER = re.compile(
    r"[“\"(](?:买入|增持|推荐|强推|跑赢行业|优于大市|跑赢大市|持有|中性|减持|卖出|超配)[^,。]{0,6}评级"
)
_TARGETED_AFTER = re.compile(r"的?(?:H股|A股)?目标价(?!值)")
_COMPANY_WORD = re.compile(
    r"(?:Group|Holding|Limited|Ltd|Inc|Corp|Co\b|PLC|Technolog|Internat|Intl|H\b|H[0-9]|"
    r"Q[1-4]|[1-4]Q|FY|GROUP|HOLDING|LIMITED|LTD|INC|CORP|Buy|BUY|Hold|HOLD|Sell|SELL|Neutral|Outperform|"
    r"Overweight|OVERWEIGHT|OUTPERFORM|Market|HK|CH\b)"
)
_PART_OF_NAME = 0.3  # of an English name that goes on otherwise
_SURE_OF_COMPANY = 0.75  # of a firm with figures of its own, or one that is advised
_LEAST_OF_BROKER = 0.6
_CORPORATE = 0.5
_HOUSES = re.compile(
    r"(?:研究|评级|投资)?机构(?:名称|简称|评级)?(?=[|日评研目最分])|券商(?:名称|简称)|研究员"
)
_HEADER_WITHIN = 150
_NEAR = 6
_JUDGED_WITHIN = 15
_CLOSING = re.compile(r"[)\]】]?(?:证券)?:?")


@dataclass(frozen=True, slots=True)
class _Words:
    before: tuple[str, ...]
    after: tuple[str, ...]
    never: tuple[str, ...]
    worded: tuple[str, ...]
    corporate: tuple[str, ...]
    told: re.Pattern[str]
    advised_before: tuple[str, ...]
    source_after: re.Pattern[str]
    source_before: re.Pattern[str]
    coded_source: re.Pattern[str]
    houses_before: re.Pattern[str]
    houses_after: re.Pattern[str]
    judged_by: re.Pattern[str]
    judging: re.Pattern[str]
    venues: frozenset[str]
    venue_before: tuple[str, ...]
    venue_after: tuple[str, ...]


@cache
def _words() -> _Words:
    table = read_table("edges")
    broker = table["broker"]

    def cleaned(words: Sequence[str]) -> tuple[str, ...]:
        return tuple(clean_name(word) for word in words)

    return _Words(
        before=cleaned(table["before"]["words"]),
        after=cleaned([*table["after"]["words"], *table["corporate"]["after"]]),
        never=cleaned(table["never_after"]["any"]),
        worded=cleaned(table["never_after"]["worded"]),
        corporate=cleaned(table["corporate"]["after"]),
        told=re.compile(alternatives(broker["company_after"])),
        advised_before=cleaned(broker["advised_before"]),
        source_after=re.compile(alternatives(broker["source_after"])),
        source_before=re.compile(rf"(?:{alternatives(broker['source_before'])})$"),
        coded_source=re.compile(alternatives(broker["coded_source_after"])),
        houses_before=re.compile(rf"(?:{alternatives(broker['houses_before'])})$"),
        houses_after=re.compile(alternatives(broker["houses_after"])),
        judged_by=re.compile(rf"(?:{alternatives(broker['judged_by'])})$"),
        judging=re.compile(alternatives(broker["judging"])),
        venues=frozenset(cleaned(table["venue"]["names"])),
        venue_before=cleaned(table["venue"]["before"]),
        venue_after=cleaned(table["venue"]["after"]),
    )


def weigh_edges(text: Text, candidates: list[Candidate]) -> None:
    """Raise or lower each name by what stands right before and right after it."""
    starts = [item.place.start for item in candidates]
    named = [item for item in candidates if item.trust in _NAMELIKE and item.longer]
    ends = {item.place.end for item in named}
    begun = {item.place.start for item in named}
    for item in candidates:
        if item.broker and _with_house(text.clean, item):
            item.whole = item.place = Place(item.place.start, item.place.end + 2)
        if not item.coded:
            _weigh(text, item, begun, ends)
        elif item.broker and _quoted(text.clean, item, starts):
            item.score = 0.0


def _with_house(clean: str, item: Candidate) -> bool:
    """Tell whether a firm's name goes on with 证券 where its short name leaves that out."""
    start, end = item.place
    return clean.startswith("证券", end) and not clean.endswith("证券", start, end)


def _weigh(text: Text, item: Candidate, begun: set[int], ends: set[int]) -> None:
    clean, words = text.clean, _words()
    start, end = item.place
    opened = start == 0 or not _of_word(clean[start - 1])
    left, right = _edges(text, item, begun, ends)
    if item.trust in (Trust.LATIN, Trust.LETTERS) and _longer_in_english(text, item, begun):
        item.score = min(item.score, _PART_OF_NAME)
    item.score += EDGE * left + EDGE * right
    goes_on = clean.startswith(words.worded, end) and (not right or text.blank_before(end))
    if goes_on and (item.trust is Trust.DISTINCT or _FIRM_END.search(clean, start, end)):
        goes_on = False  # no word of the language ends so: 太极股份产品
    if goes_on or (clean.startswith(words.never, end) and not _SPENDING.match(clean, end)):
        item.score = min(item.score, 0.4)
    elif left and not right and item.trust is Trust.COMPOUND:
        item.score += EDGE  # a clause begins with it: its subject
    elif opened and not right and _acts(clean, item):
        item.score += EDGE
    told = end + clean.startswith(":", end)
    if item.trust is Trust.WORD:
        rated = left and (_RATED_AFTER.match(clean, end) or _TARGETED_AFTER.match(clean, end))
        acting = opened and clean.startswith(words.corporate, told)
        item.score += _CORPORATE if acting or rated else 0.0
    if item.trust in (Trust.NICK, Trust.BESIDE) and not (left and right):
        item.score = 0.0  # two characters of a longer word
    item.score = _meant(text, item)


def _meant(text: Text, item: Candidate) -> float:
    """Return the score of a name, lowered where it means another body than the listed company."""
    if _is_another(text.clean, item):
        return -1.0
    if _is_venue(text.clean, item.place) or _is_source(text, item.place):
        return 0.0
    return _broker_score(text, item) if item.broker else item.score


def _of_word(character: str) -> bool:
    """Tell whether a character is one of a word: Han, a Latin letter, a digit."""
    return "\u4e00" <= character <= "\u9fff" or (character.isascii() and character.isalnum())


def _edges(text: Text, item: Candidate, begun: set[int], ends: set[int]) -> tuple[bool, bool]:
    """Tell on which sides of a name a word ends."""
    clean, words = text.clean, _words()
    start, end = item.place
    if item.trust in (Trust.LATIN, Trust.LETTERS):
        return True, True  # it is looked for as a word
    cell = item.trust is not Trust.NICK  # two characters beside a figure are no cell of a row
    row = cell and _set_off(text, item)
    left = (
        start == 0
        or not _of_word(clean[start - 1])
        or row
        or start in ends
        or clean[max(0, start - 4) : start].endswith(words.before)
        or _DAY_BEFORE.search(clean, max(0, start - 3), start) is not None
        or (cell and _after_figure(text, start))
    )
    right = (
        end == len(clean)
        or not _of_word(clean[end])
        or row
        or end in begun
        or clean.startswith(words.after, end)
        or (cell and _before_figure(text, end))
    )
    return left, right


def _set_off(text: Text, item: Candidate) -> bool:
    """Tell whether white space stands on both sides of a name and nowhere in it: a cell, a line."""
    start, end = item.place
    if not (item.longer or item.alias) or not (text.blank_before(start) and text.blank_before(end)):
        return False
    return not any(text.blank_before(at) for at in range(start + 1, end))


# The line that is listed in the United States: 甲(ABC.US), 甲(NASDAQ:ABC).
_AMERICAN = re.compile(r"[(\[](?:[A-Z]{1,5}\.?US|(?:NASDAQ|NYSE)[:.]?[A-Z]{1,5})[)\]]")
_GROUP = "集团"


def _is_another(clean: str, item: Candidate) -> bool:
    """Tell whether a name is that of an American line or, with 集团, of a firm's parent."""
    opened = clean.startswith(("(", "["), item.place.end)
    if opened and _AMERICAN.match(clean, item.place.end):
        return True
    short = item.trust in (Trust.SHORT, Trust.NICK) and not item.ways[0].name
    mainland = all(listing.exchange.mainland for listing in item.listings)
    return short and mainland and clean.startswith(_GROUP, item.place.end)


def _acts(clean: str, item: Candidate) -> bool:
    """Tell whether a clause begins with a name of no ordinary words, and goes on with a verb."""
    start, end = item.place
    if item.trust not in (Trust.SHORT, Trust.RARE) or end - start != 3:
        return False
    worded = ordinary(clean[start : start + 2]) or ordinary(clean[start + 1 : end])
    return not worded and begins_with_verb(clean, end)


def _longer_in_english(text: Text, item: Candidate, begun: set[int]) -> bool:
    """Tell whether a Latin name is a word of a sentence or the beginning of a longer name."""
    clean, (start, end) = text.clean, item.place
    before, after = clean[max(0, start - 1) : start], clean[end : end + 1]
    lettered = [one for one in (before, after) if one.isascii() and one.isalpha()]
    if lettered and not clean[start].isupper():
        return True
    if end in begun or not text.blank_before(end) or not (after.isascii() and after.isupper()):
        return False
    return _COMPANY_WORD.match(clean, end) is None


def _after_figure(text: Text, start: int) -> bool:
    """Tell whether a figure and white space stand before: the cell before a name's own."""
    return text.blank_before(start) and (
        text.clean[start - 1 : start] in "%)" or text.clean[start - 1].isdigit()
    )


def _before_figure(text: Text, end: int) -> bool:
    if _FIGURE_AFTER.match(text.clean, end):
        return True
    day = _DAY_AFTER.match(text.clean, end)
    return not day and text.blank_before(end) and text.clean[end : end + 1].isdigit()


_SOURCES = re.compile(r"(?:资料|数据)来源:(?:[A-Za-z\u4e00-\u9fff]{1,12}[,、/]){0,6}$")
_SOURCE_LINE = 80  # characters from the label of a line of sources to one of them


def _is_source(text: Text, place: Place) -> bool:
    """Tell whether a name is one of those in a line of sources: 数据来源:甲资讯,乙证券."""
    begin = max(0, place.start - _SOURCE_LINE)
    before = text.clean[begin : place.start]
    label = _SOURCES.search(before) if "来源:" in before else None
    line = text.line(place) if label else None
    return label is not None and line is not None and line.start <= begin + label.start()


def _is_venue(clean: str, place: Place) -> bool:
    """Tell whether an exchange is only where something is listed: 递表港交所."""
    words = _words()
    if clean[slice(*place)] not in words.venues:
        return False
    before = clean[max(0, place.start - _NEAR) : place.start]
    return before.endswith(words.venue_before) or clean.startswith(words.venue_after, place.end)


def _broker_score(text: Text, item: Candidate) -> float:
    """Return a broker's score: it is a source unless something is told of the company."""
    clean, words, place = text.clean, _words(), item.place
    if words.source_before.search(_led(clean, place.start)):
        return 0.0
    told = words.told.match(clean, place.end + clean.startswith(":", place.end))
    source = words.source_after.match(clean, place.end)
    if told and (source is None or len(told[0]) > len(source[0])):
        return max(item.score, _SURE_OF_COMPANY) if len(told[0]) > 1 else item.score
    if source:
        return 0.0
    if _RATED_AFTER.match(clean, place.end):
        return max(item.score, _SURE_OF_COMPANY)
    if (
        clean[max(0, place.start - _NEAR) : place.start]
        .rstrip(":有为是")
        .endswith(words.advised_before)
    ):
        return max(item.score, _SURE_OF_COMPANY)
    begin = max(0, place.start - _HEADER_WITHIN)
    if _DATED_AFTER.match(clean, place.end):
        return min(item.score, _LEAST_OF_BROKER)
    if _FIGURE_AFTER.match(clean, place.end) and not _HOUSES.search(clean, begin, place.start):
        return max(item.score, _SURE_OF_COMPANY)
    return min(item.score, _LEAST_OF_BROKER)


def _led(clean: str, start: int) -> str:
    """Return what leads to a name, without the stars of bold print."""
    return clean[max(0, start - _NEAR - 4) : start].replace("*", "")[-_NEAR:]


def are_houses(clean: str, place: Place) -> bool:
    """Tell whether a list of firms is one of houses: 获甲证券、乙证券推荐, 甲证券、乙证券等机构."""
    words = _words()
    if words.houses_after.match(clean, place.end):
        return True
    return words.houses_before.search(_led(clean, place.start)) is not None


def _quoted(clean: str, item: Candidate, starts: list[int]) -> bool:
    """Tell whether a firm is quoted though its code is printed: 甲证券(600000)研报指出."""
    words = _words()
    closing = _CLOSING.match(clean, item.whole.end)
    end = closing.end() if closing else item.whole.end
    if words.coded_source.match(clean, end):
        return True
    judging = words.judging.match(clean, end)
    if judging is None:
        return False
    begin = item.place.start
    if words.judged_by.search(clean, max(0, begin - _NEAR), begin):
        return True
    at = bisect_right(starts, item.whole.end)
    following = starts[at] if at < len(starts) else len(clean)
    gap = clean[judging.end() : following]
    return len(gap) <= _JUDGED_WITHIN and following < len(clean) and not re.search("[,。;:!?]", gap)
