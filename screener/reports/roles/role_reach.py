"""Which word before an enumeration of names reaches it: the words between them tell.

Such a word (关注, 涨幅前五, 客户) speaks of the names right after it, of the list that it opens,
and of the further elements of that list, whatever labels and descriptions stand between them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from screener.domain.report import Role
from screener.reports.documents.bounds import BOUNDS
from screener.reports.roles.names_around import QUOTE, unquoted
from screener.reports.roles.role_lists import Cue
from screener.reports.roles.role_words import ASIDE, LIST_END, describes, unnumbered
from screener.reports.roles.runs import Run
from screener.reports.securities.mentions import Mention
from screener.reports.text.layout import Layout
from screener.reports.text.text import Place

__all__ = ["leading_cue"]

_LONGEST_REACH = 60
_LONGEST_LIST = 100  # of a list that a word such as 包括 opens
_BESIDE = 10
# What says right before names that they are not those advised: 看好甲多于乙, 买入甲,持有乙.
_RATHER = re.compile(
    r"而非|而不是|(?:(?:多于|优于|胜于|强于|胜过|好过|over)"
    r"|[,;、](?:持有|卖出|减持|沽售|回避|剔除|调出|中性))$"
)
_LABEL = 20  # characters of a label whose names stand in a bracket
_FIGURES = 4  # digits between two elements of a list; a row of a table has more
_RECENT = 6  # enumerations before that may stand in the same list
_STUB = re.compile(
    r"(?:以及|和|及|同时|此外|另外|其次|其中|还有|并|包括|如|例如|有|为|是|主要|重点|分别为|分别是|"
    r"[^,;:。]{0,14}(?:的|如|包括|有|为|股|龙头|公司|企业|标的|厂商|领域|方面|板块|环节|方向|端|链))?"
)
_JOINT = re.compile(r"[、,;:/|)\]】等和与及,。]*(?:以及|同时|此外|另外|其次|其中)?(?:为|是)?")
_OPENS = re.compile(r"[^,;:。]{0,24}[,:]?(?:主要|重点)?(?:包括|有|如|例如|分别为|分别是)")
# What such a word gives instances of, if not of companies.
_EVENT = re.compile(
    r"(?:情况|进展|进度|节奏|动向|变化|风险|影响|压力|事件|因素|数据)[,:]?(?:主要)?[包括有如例]{1,2}$"
)
_STRANGERS = re.compile(r"(?:[^,;:。、]{1,10}、?){0,4}")  # names that no master knows
_OTHERWISE = ("持有", "卖出", "减持", "回避", "规避", "沽", "剔除", "调出", "中性", "不")
_NEXT_LABEL = re.compile(r"(?:[\u4e00-\u9fff]{2,6}|[A-Z]{2,6}[\u4e00-\u9fff]{0,4}):")
_MARK = re.compile(r"[:>|●■◆▶➢★]*(?:(?<!\d)-(?!\d)|[:>|●■◆▶➢★])[:>|●■◆▶➢★-]*")  # as good as a colon
_MARKS = frozenset("-:>|●■◆▶➢★")
_COLUMNS = re.compile(r"估值表|股价|收盘价|EPS|市盈率|盈利预测")
_QUOTE = re.compile(QUOTE)


def leading_cue(
    clean: str,
    layout: Layout,
    cues: Sequence[Cue],
    group: Sequence[Mention],
    before: list[Run],
    following: int,
) -> Cue | None:
    """Return the nearest word before an enumeration that reaches it.

    A word that may only describe the names (供应商, 龙头企业) gives way to one before it in its
    clause.

    Parameters
    ----------
    clean, layout
        The text and its layout.
    cues
        The words that give names a part, in order.
    group
        The names.
    before
        The enumerations before them, with their parts.
    following
        Where the next name begins.
    """
    place = Place(group[0].whole.start, group[-1].whole.end)
    number = bisect_left(cues, place.start, key=lambda cue: cue.place.start) - 1
    last = max(-1, number - BOUNDS.cues)
    begin = max(layout.sentence(place.start).start, place.start - BOUNDS.reach)
    ends = group[-1].whole.end == following or _ends(clean, cues, group, number + 1)
    weak: Cue | None = None
    while number > last and cues[number].place.start >= begin:
        cue = cues[number]
        number -= 1
        if cue.place.end > place.start or not _reaches(clean, cue, place, group, before, ends):
            continue
        if weak is not None:
            told = cue.role is Role.RECOMMENDED and _told_with(clean, cue, weak, before)
            return cue if told else weak
        if cue.role is not Role.MENTIONED or not cue.weak:
            return cue
        weak = cue
    return weak


def _told_with(clean: str, cue: Cue, weak: Cue, before: list[Run]) -> bool:
    """Tell whether a word that may describe names stands in the clause or the list of an advice."""
    between = clean[cue.place.end : weak.place.start]
    if not re.search(r"[,;。]", between):
        return True
    listed = any(run.cue == cue.place for run in before[-_RECENT:])
    return listed and re.search(r"[,。]", between.rpartition(";")[2]) is None and ";" in between


def _ends(clean: str, cues: Sequence[Cue], group: Sequence[Mention], following: int) -> bool:
    """Tell whether a list ends with the names: by a mark, a label, or the next word of advice."""
    end = group[-1].whole.end
    quote = _QUOTE.match(clean, end)
    end = quote.end() if quote else end
    if group[-1].coded or LIST_END.match(clean, end) or _NEXT_LABEL.match(clean, end):
        return True
    if _printed_twice(clean, group[-1].place):
        return True
    cue = cues[following] if following < len(cues) else None
    return cue is not None and cue.role is Role.RECOMMENDED and cue.place.start == end


def _printed_twice(clean: str, place: Place) -> bool:
    """Tell whether the end of a name is printed once more, as copied bold print has it."""
    name = clean[place.start : place.end]
    ends = (place.end + len(name) - at for at in range(1, len(name)))
    return any(
        clean.startswith(name[len(name) - (end - place.end) :], place.end)
        and LIST_END.match(clean, end)
        for end in ends
    )


def _reaches(
    clean: str, cue: Cue, place: Place, group: Sequence[Mention], before: list[Run], ends: bool
) -> bool:
    same = [run for run in before[-_RECENT:] if run.cue == cue.place and run.role is cue.role]
    gap = _without_names(clean, cue.place.end, place.start, before)
    if cue.role is Role.RECOMMENDED and _RATHER.search(gap):
        return False  # 看好甲多于乙
    if cue.role is Role.MENTIONED and (len(gap) > _BESIDE or ")" in gap.partition("(")[0]):
        return False  # 份额, 客户 and the like speak of what stands right beside them
    if gap in ("", ":"):
        return True
    further = _without_names(clean, same[-1].place.end, place.start, before) if same else None
    if further is not None and ends and _goes_on(further):
        return True
    opening, colon, listed = gap.partition(":")
    if colon and not same and len(opening) <= 16 and not re.search(r"[,;。]", opening):
        return ends and _in_told_list(listed, group)
    if not ends or ";" in gap or _heads_a_table(clean[cue.place.start : cue.place.end], gap):
        return False
    if len(gap) <= _LONGEST_LIST and _in_opened_list(gap):
        return True
    if len(gap) > _LONGEST_REACH:
        return False
    head, comma, stub = gap.rpartition(",")
    if comma:
        fits = _STUB.fullmatch(stub) is not None
        return fits and len(group) > 1 and len(head) < 30 and not cue.close
    return not cue.close or len(gap) <= 30


def _goes_on(further: str) -> bool:
    """Tell whether a list goes on after what stands between two of its enumerations."""
    rest = _JOINT.sub("", further, count=1).rstrip(":")
    others, _, rest = rest.rpartition(";")
    if _STRANGERS.fullmatch(others) is None or "。" in rest:
        return False
    stub = unnumbered(re.split(r"[,:]", rest)[-1])
    figures = sum(character.isdigit() for character in rest)
    if len(rest) > _LONGEST_REACH or figures > _FIGURES or stub.startswith(_OTHERWISE):
        return False
    if stub.endswith("(") and len(stub) <= _LABEL:
        return True  # 第二,业绩确定的硬件(甲、乙)
    return len(stub) <= 6 or _STUB.fullmatch(stub) is not None or describes(stub)


def _heads_a_table(word: str, gap: str) -> bool:
    """Tell whether a word such as 重点公司 heads a table of figures and advises nothing."""
    return _COLUMNS.search(gap) is not None and not re.search(r"推荐|关注|金股|组合|首选", word)


def _in_told_list(listed: str, group: Sequence[Mention]) -> bool:
    """Tell whether names are an element of the list after a colon."""
    if len(listed) > _LONGEST_LIST:
        return False
    stub = re.split(r"[,;:)]", listed)[-1]
    return len(group) > 1 or len(stub) <= 6 or _STUB.fullmatch(unnumbered(stub)) is not None


def _in_opened_list(gap: str) -> bool:
    """Tell whether a word such as 包括 opens a list, of which the names are an element."""
    opening = _OPENS.match(gap)
    if opening is None or _EVENT.search(opening[0]):
        return False
    stub = re.split(r"[、,]", gap[opening.end() :])[-1]
    return _STUB.fullmatch(stub) is not None or describes(stub)


def _without_names(clean: str, start: int, end: int, before: list[Run]) -> str:
    """Return a gap without asides, live prices and the enumerations that stand in it."""
    parts, at = [], start
    for run in before[-12:]:
        if run.place.start >= at and run.place.end <= end:
            parts.append(clean[at : run.place.start])
            at = run.place.end
    parts.append(clean[at:end])
    gap = ASIDE.sub("", unquoted("".join(parts))).replace("等", "")
    return gap if _MARKS.isdisjoint(gap) else _MARK.sub(":", gap)
