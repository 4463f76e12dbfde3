"""Codes joined with the names beside them: one checks the other, and what stays alone is judged."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from screener.domain.listing import Listing
from screener.language import say
from screener.reports.securities.candidates import ALONE, Candidate, PossibleMention, same_company
from screener.reports.securities.codes import PrintedCode
from screener.reports.securities.name_index import NameIndex, Trust
from screener.reports.securities.printed_names import (
    after_a_name,
    english_before,
    printed_before,
)
from screener.reports.text.found import DoubtKind
from screener.reports.text.text import Place, Text

__all__ = ["bind_codes"]

_BETWEEN = re.compile(
    r"(?:-?[A-Z]{1,3}股?)?[(\[【<:,|/_-]{0,2}(?:A股|H股|港股)?"
    r"(?:(?:股票|证券|股份|公司)?(?:代码|代号))?(?:A股|H股|港股)?[:(]?"
)
_FURTHEST = 12
_REST = re.compile(r"[\u4e00-\u9fff]{1,4}[(\[【<:,]")
_AFTER_CODE = re.compile(r"[:,/|_-]*")
_AFTER_BRACKET = re.compile(r"[)\]】>]*[:|]?")
_SECOND_LINE = re.compile(r"[)\]】]?[/、,;|&(\[]{0,2}(?:和|及)?(?:A股|H股|港股)?(?:代码)?[:(]?")
_NEAR_SECOND = 10
_NUMBER_AFTER = re.compile(r"(?P<open>[(\[【<]?)[|,]?(?P<digits>\d{1,12})")
_NUMBER_BEFORE = re.compile(r"(?P<digits>\d{1,12})[)\]】>|:.,]?$")
_ROW_LEAST = 3  # digits of a code without its zeros in a row, where no bracket sets it off
_COLUMN_LEAST = 2
_CONVENTION_LEAST = 3
_INDEX_BEFORE = re.compile(r"(?:指数|综指|成指|板指|\d0|ETF|LOF|基金|转债|期货|债券)$")
_REST_OF_NAME = re.compile(r"[\u4e00-\u9fff]{1,4}(?=[(\[【<])")
_LONGEST_REST = 4

_Followed = dict[tuple[tuple[Listing, ...], str], list[Candidate]]


@dataclass(slots=True)
class _Binding:
    """What is known of a text's codes while they are gone through one by one."""

    text: Text
    index: NameIndex
    candidates: list[Candidate]
    starts: list[int]
    ends: dict[int, Candidate]
    followed: _Followed | None = None  # made when it is asked for
    extra: list[Candidate] = field(default_factory=list)
    questions: list[PossibleMention] = field(default_factory=list)
    dropped: set[int] = field(default_factory=set)
    bare: list[PrintedCode] = field(default_factory=list)  # numbers that nothing tells to be codes
    short: list[PrintedCode] = field(default_factory=list)
    contrary: list[tuple[PrintedCode, Candidate]] = field(default_factory=list)
    rows: int = 0  # bare numbers that a name beside them told to be codes
    told: int = 0  # short codes that the name before them told to be codes


def bind_codes(
    text: Text, candidates: list[Candidate], codes: Sequence[PrintedCode], index: NameIndex
) -> tuple[list[Candidate], list[PossibleMention]]:
    """Join each code with the name beside it, check one against the other, keep lone codes.

    Parameters
    ----------
    text
        The text.
    candidates
        Names that were found in it, in order; those that codes settle are changed.
    codes
        Codes that were found in it, in order.
    index
        Names of the listings.

    Returns
    -------
    tuple of all that may be mentions, in the order of the text, and of open questions.
    """
    marks = {at for code in codes if code.marked for at in range(*code.place)}
    candidates = [item for item in candidates if item.place.start not in marks]  # HKEX of HKEX:700
    binding = _Binding(
        text,
        index,
        candidates,
        [item.place.start for item in candidates],
        {item.place.end: item for item in candidates},
    )
    for code in codes:
        _bind(binding, code)
    for item in candidates:
        if not item.coded and id(item) not in binding.dropped:
            _own_number(binding, item)
    _judge_contrary(binding)
    _lone_numbers(binding)
    kept = [item for item in candidates if id(item) not in binding.dropped]
    return sorted([*kept, *binding.extra], key=lambda item: item.place), binding.questions


def _bind(binding: _Binding, code: PrintedCode) -> None:
    clean, index = binding.text.clean, binding.index
    if code.marked and code.bracketed:
        _drop_translated(binding, code)
    beside = [
        item
        for item in (
            _name_before(clean, code, binding.ends),
            _name_after(clean, code, binding.candidates, binding.starts),
            _longer_name_before(clean, code, binding.ends),
        )
        if item is not None
    ]
    own = [item for item in beside if same_company(code.listing, item.listings, index)]
    free = [item for item in own if not item.coded]
    if free:
        _go_on(binding, free[0], code)
        _settle(free[0], code)
        binding.rows += not code.plain and not code.short
        binding.told += code.short
    elif _is_second_line(binding, code):
        binding.extra.append(_alone(code))
    elif own:
        return  # the same code once more
    elif not _printed_otherwise(binding, code, beside):
        _unnamed(binding, code, beside)


def _drop_translated(binding: _Binding, code: PrintedCode) -> None:
    """Leave out a name within the English words before a code that is another company's."""
    begin = english_before(binding.text, code.place.start - 1)
    at = bisect_left(binding.starts, begin)
    for item in binding.candidates[at : bisect_left(binding.starts, code.place.start)]:
        english = item.trust in (Trust.LATIN, Trust.LETTERS)
        if english and not same_company(code.listing, item.listings, binding.index):
            binding.dropped.add(id(item))


def _is_second_line(binding: _Binding, code: PrintedCode) -> bool:
    """Tell whether a code is that of another line of the company whose code stands before it."""
    at = bisect_left(binding.starts, code.place.start) - 1
    before = binding.candidates[at] if at >= 0 else None
    if before is None or not before.coded or before.listings[0] == code.listing:
        return False
    gap = binding.text.clean[before.whole.end : code.place.start]
    if len(gap) > _NEAR_SECOND or not _SECOND_LINE.fullmatch(gap):
        return False
    known = code.listing in binding.index.companies
    return known and same_company(code.listing, before.listings, binding.index)


def _printed_otherwise(binding: _Binding, code: PrintedCode, beside: Sequence[Candidate]) -> bool:
    """Take a code whose company is named right before it in a form that no list of names has."""
    company = binding.index.companies.get(code.listing)
    if company is None:
        return False
    clean = binding.text.clean
    gap = 1 if clean[code.place.start - 1 : code.place.start] in ("(", "[", "【", ":", "|") else 0
    end = code.place.start - gap
    start = printed_before(binding.text, end, company)
    if start is None or not (code.plain or code.short or end - start > 2):
        return False
    first = bisect_left(binding.starts, start)
    within = binding.candidates[first : bisect_left(binding.starts, code.place.start)]
    if any(item.coded for item in (*within, *beside) if item.place.end > start):
        return False
    binding.dropped.update(id(item) for item in within)  # 摩尔 of 思摩尔
    found = _alone(code)
    found.place, found.whole = Place(start, end), Place(start, code.place.end)
    found.score = 1.0
    binding.extra.append(found)
    binding.told += code.short
    return True


def _unnamed(binding: _Binding, code: PrintedCode, beside: Sequence[Candidate]) -> None:
    """Judge a code that no name beside it confirms."""
    known = code.listing in binding.index.companies
    if code.short:
        binding.short += [] if beside else [code]
    elif beside and (code.marked or (code.bracketed and known)):
        binding.contrary.append((code, beside[0]))
    elif code.plain and not beside:
        _take_alone(binding, code)
    elif known:
        binding.bare.append(code)


def _take_alone(binding: _Binding, code: PrintedCode) -> None:
    binding.extra += _lone(binding.text.clean, code, binding.index)
    binding.questions += _unknown(code, binding.index)


def _judge_contrary(binding: _Binding) -> None:
    """Ask about a name and a code that contradict each other, unless the name has its own code."""
    for code, item in binding.contrary:
        translated = item.trust in (Trust.LATIN, Trust.LETTERS)
        if not item.coded:
            binding.dropped.add(id(item))
            if translated and code.listing in binding.index.companies:
                binding.extra.append(_alone(code))  # English names are translations, often wrong
            else:
                binding.questions.append(_mismatch(item, code, binding.index))
        elif (
            item.listings[0] != code.listing
            and code.plain
            and code.place
            not in (
                item.whole,
                item.place,
            )
        ):
            _take_alone(binding, code)


def _name_before(clean: str, code: PrintedCode, ends: dict[int, Candidate]) -> Candidate | None:
    """Return the name that ends right before a code, but for brackets and a label."""
    for end in range(code.place.start, max(-1, code.place.start - _FURTHEST), -1):
        if end in ends and _BETWEEN.fullmatch(clean[end : code.place.start]):
            return ends[end]
    return None


def _longer_name_before(
    clean: str, code: PrintedCode, ends: dict[int, Candidate]
) -> Candidate | None:
    """Return the name of the code's own listing that the text goes on with: 长进光子 for 长进."""
    for end in range(code.place.start - 1, max(-1, code.place.start - 10), -1):
        gap = clean[end : code.place.start]
        if end in ends and code.listing in ends[end].listings and _REST.fullmatch(gap):
            return ends[end]
    return None


def _name_after(
    clean: str, code: PrintedCode, candidates: list[Candidate], starts: list[int]
) -> Candidate | None:
    """Return the name that begins right after a code, but for a closing bracket."""
    gap = (_AFTER_BRACKET if code.bracketed else _AFTER_CODE).match(clean, code.place.end)
    start = gap.end() if gap else code.place.end
    number = bisect_left(starts, start)
    return candidates[number] if number < len(starts) and starts[number] == start else None


def _settle(item: Candidate, code: PrintedCode) -> None:
    """Take the code's listing; the name's other lines follow it."""
    _settle_as(item, code.listing, code.place)


def _settle_as(item: Candidate, listing: Listing, place: Place) -> None:
    others = [one for one in item.listings if one != listing]
    item.listings = (listing, *others)
    item.score, item.coded = 1.0, True
    item.whole = Place(min(item.whole.start, place.start), max(item.whole.end, place.end))


def _followed(clean: str, candidates: Sequence[Candidate]) -> _Followed:
    """Return the names by their listings and by each of the stretches that follow them."""
    found: _Followed = defaultdict(list)
    for item in candidates:
        end = item.place.end
        for size in range(1, min(_LONGEST_REST, len(clean) - end) + 1):
            found[item.listings, clean[end : end + size]].append(item)
    return found


def _go_on(binding: _Binding, item: Candidate, code: PrintedCode) -> None:
    """Let every mention of a name go on as the text goes on with it before the code."""
    clean = binding.text.clean
    rest = _REST_OF_NAME.match(clean, item.place.end, code.place.start)
    if rest is None:
        return
    if binding.followed is None:
        binding.followed = _followed(clean, binding.candidates)
    for other in binding.followed.pop((item.listings, rest[0]), ()):
        if other.listings == item.listings and clean.startswith(rest[0], other.place.end):
            other.place = Place(other.place.start, other.place.end + len(rest[0]))
            other.whole = other.place
            other.score = max(other.score, ALONE[Trust.DISTINCT])
            other.trust = Trust.DISTINCT


def _own_number(binding: _Binding, item: Candidate) -> None:
    """Settle a name by a number that touches it and is the code of one of its own lines.

    So a row is read whose cells lost what parted them: 600519贵州茅台1550.00.
    """
    text, index = binding.text, binding.index
    after = _NUMBER_AFTER.match(text.clean, item.place.end)
    before = _NUMBER_BEFORE.search(text.clean, max(0, item.place.start - 13), item.place.start)
    if not (after or before):
        return
    lines = dict.fromkeys(item.listings)
    for one in item.listings:
        lines.update(dict.fromkeys(index.twins.get(one, ())))
    for listing in lines:
        place = None
        if after:
            place = _at_start(text, listing, Place(*after.span("digits")), bool(after["open"]))
        if place is None and before:
            place = _at_end(text, listing, Place(*before.span("digits")))
        if place is not None:
            binding.rows += 1
            _settle_as(item, listing, place)
            return


def _at_start(text: Text, listing: Listing, place: Place, bracketed: bool) -> Place | None:
    end = next((at for at in range(place.start + 1, place.end) if text.blank_before(at)), place.end)
    digits = text.clean[place.start : end]
    if digits.startswith(listing.code):
        return Place(place.start, place.start + len(listing.code))
    short = digits.zfill(len(listing.code)) == listing.code  # a spreadsheet drops zeros
    whole = end < place.end or text.clean[end : end + 1] not in (".", ",", "%")
    if short and bracketed and text.clean[end : end + 1] in (")", "]", "】", ","):
        return Place(place.start, end)
    return Place(place.start, end) if short and whole and len(digits) >= _ROW_LEAST else None


def _at_end(text: Text, listing: Listing, place: Place) -> Place | None:
    start = next(
        (at for at in range(place.end - 1, place.start, -1) if text.blank_before(at)), place.start
    )
    digits = text.clean[start : place.end]
    if digits.endswith(listing.code):
        return Place(place.end - len(listing.code), place.end)
    short = digits.zfill(len(listing.code)) == listing.code  # a spreadsheet drops zeros
    whole = start > place.start or text.clean[start - 1 : start] not in (".", ",")
    return Place(start, place.end) if short and whole and len(digits) >= _ROW_LEAST else None


def _lone_numbers(binding: _Binding) -> None:
    """Judge the numbers that only the others tell to be codes: a column, or names with numbers."""
    if not (binding.bare or binding.short):
        return
    named: dict[Listing, list[Candidate]] = defaultdict(list)
    for item in binding.candidates:
        for one in item.listings:
            named[one].append(item)
    here = [code for code in binding.bare if code.listing in named]
    for code in here:  # a column of names beside one of codes
        item = min(named[code.listing], key=lambda one: abs(one.place.start - code.place.start))
        if not item.coded and item.trust is not Trust.NICK:
            _settle_as(item, code.listing, item.place)
    left = [code for code in binding.bare if code.listing not in named and code.whole]
    known = binding.rows + len({code.listing for code in here})
    column = known >= max(_COLUMN_LEAST, len({code.listing for code in left}))
    for code in left:
        if column:
            binding.extra.append(_alone(code))
        elif known:
            binding.questions.append(_nameless(code, binding.index))
    if binding.told >= _CONVENTION_LEAST:
        listed = (code for code in binding.short if code.listing in binding.index.companies)
        binding.extra += [
            _alone(code) for code in listed if after_a_name(binding.text, code.place.start - 1)
        ]


def _alone(code: PrintedCode) -> Candidate:
    score = 0.9 if code.marked else 0.75
    return Candidate(code.place, code.place, None, score, (code.listing,), coded=True)


def _lone(clean: str, code: PrintedCode, index: NameIndex) -> list[Candidate]:
    """Take a code without a name if its exchange, brackets or a label are printed."""
    if code.listing not in index.companies:
        return []
    opening = code.place.start - 1
    bracketed = clean[max(0, opening) : code.place.start] in ("(", "[", "【")
    if bracketed and not code.marked and _INDEX_BEFORE.search(clean, max(0, opening - 4), opening):
        return []
    return [_alone(code)]


def _unknown(code: PrintedCode, index: NameIndex) -> list[PossibleMention]:
    known = code.listing in index.companies or code.listing in index.others
    if not code.marked or known:
        return []
    return [
        PossibleMention(
            kind=DoubtKind.UNKNOWN_CODE,
            place=code.place,
            proposals=(),
            reason=say("no listing {listing} in the master", listing=code.listing),
        )
    ]


def _nameless(code: PrintedCode, index: NameIndex) -> PossibleMention:
    name = index.companies[code.listing].name
    return PossibleMention(
        kind=DoubtKind.NAMELESS_CODE,
        place=code.place,
        proposals=(code.listing,),
        reason=say(
            "a number beside codes; {listing} is {name}, which the text does not name",
            listing=code.listing,
            name=name,
        ),
    )


def _mismatch(item: Candidate, code: PrintedCode, index: NameIndex) -> PossibleMention:
    company = index.companies.get(code.listing)
    named = item.listings[0]
    reason = (
        say(
            "the name is that of {named}, but {listing} is {name}",
            named=named,
            listing=code.listing,
            name=company.name,
        )
        if company
        else say(
            "the name is that of {named}, but {listing} is not listed",
            named=named,
            listing=code.listing,
        )
    )
    proposals = (named, code.listing) if company else (named,)
    return PossibleMention(
        kind=DoubtKind.MISMATCH,
        place=item.place,
        proposals=proposals,
        reason=reason,
    )
