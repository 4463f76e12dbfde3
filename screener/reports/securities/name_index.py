"""Every name that a listing goes by, ready to be looked for in a text.

A master prints short names with marks (`XD`, `*ST`, `-W`, wide letters) and cuts them to eight
bytes; reports print the plain name, a former name, a short form, an English name or another
line's name. All of these lead to the listing here, each with how far it can be trusted alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from operator import itemgetter

from ahocorasick_rs import AhoCorasick, Implementation

from screener.domain.listing import Exchange, Listing, parse_listing
from screener.errors import DataError, ScreenerError
from screener.language import say
from screener.reports.securities.name_marks import (
    CUT_LENGTH,
    SHARE_CLASS,
    ST_MARK,
    TAIL_MARK,
    Plain,
    plain_name,
)
from screener.reports.securities.name_trust import (
    Trust,
    capitals,
    trust_in,
    trust_in_alias,
    trust_in_stem,
)
from screener.reports.text.text import clean_name
from screener.reports.text.vocabulary import (
    alternatives,
    is_word,
    read_table,
)

__all__ = [
    "KIND_WORD",
    "Company",
    "NameIndex",
    "NameRow",
    "Trust",
    "Way",
    "build_index",
    "capitals",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRow:
    """A name that a listing has borne since a day, as its master prints it.

    Parameters
    ----------
    listing
        Listing id.
    name
        Short Chinese name with all its marks.
    valid_from
        First day on which it is known.
    name_en, industry
        English name and industry; empty if not known.
    list_date, delist_date
        First day listed, first day no longer listed; `None` if not known.
    """

    listing: str
    name: str
    valid_from: date | None = None
    name_en: str = ""
    industry: str = ""
    list_date: date | None = None
    delist_date: date | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a listing is written.

    Parameters
    ----------
    listing
        The listing.
    trust
        How far to trust it alone.
    cut
        Whether the master cut it short.
    name
        Name of the listing that it writes; empty for an alias, which holds at any time.
    """

    listing: Listing
    trust: Trust
    cut: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A listing with the names it is known by.

    Parameters
    ----------
    listing
        The listing.
    name
        Its latest name without marks, completed where the master cut it.
    name_en, industry
        Empty if not known.
    names
        Every name it ever had, without marks, with the first day known; earliest first.
    list_date, delist_date
        First day listed, first day no longer listed; `None` if not known.
    """

    listing: Listing
    name: str
    name_en: str = ""
    industry: str = ""
    names: tuple[tuple[date | None, str], ...] = ()
    list_date: date | None = None
    delist_date: date | None = None

    def name_on(self, day: date) -> str:
        """Return the name in force on a day; the earliest known one where none is known yet."""
        found = [name for since, name in self.names if since is None or since <= day]
        return found[-1] if found else (self.names[0][1] if self.names else self.name)

    def listed_on(self, day: date) -> bool:
        """Tell whether it was listed on a day, as far as the dates are known."""
        begun = self.list_date is None or self.list_date <= day
        return begun and (self.delist_date is None or day < self.delist_date)


@dataclass(frozen=True, eq=False)
class NameIndex:
    """All written forms of all listings, and the automaton that finds them in a text.

    Parameters
    ----------
    companies
        Every listing of the master.
    ways
        Written form (clean, ASCII letters in capitals) to the listings it can mean.
    blockers
        Longer words that hold a name and mean something else (a product, an index, a broker).
    twins
        Other lines of the same company by listing.
    others
        Listings of the master that are no shares: funds, indices.
    """

    companies: Mapping[Listing, Company]
    ways: Mapping[str, tuple[Way, ...]]
    blockers: frozenset[str]
    twins: Mapping[Listing, tuple[Listing, ...]] = field(default_factory=dict)
    others: frozenset[Listing] = frozenset()

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        return tuple({**dict.fromkeys(self.ways), **dict.fromkeys(self.blockers)})

    @cached_property
    def _automaton(self) -> AhoCorasick:
        return AhoCorasick(self._patterns, implementation=Implementation.ContiguousNFA)

    @cached_property
    def holes(self) -> Mapping[str, tuple[str, ...]]:
        """Written forms by the form with one character left out: what a misprint looks like."""
        found: dict[str, list[str]] = defaultdict(list)
        for form in self.ways:
            if len(form) >= 4 and not form.isascii():
                for gap in range(len(form)):
                    found[f"{form[:gap]}_{form[gap + 1 :]}"].append(form)
        return {key: tuple(forms) for key, forms in found.items()}

    def find(self, clean: str, cuts: Container[int] = ()) -> list[tuple[str, int, int]]:
        """Find the written forms in a clean text; where they overlap, the longest one.

        Parameters
        ----------
        clean
            Text to search.
        cuts
            Offsets at which words begin: of two equally long forms that overlap, the one that
            agrees with them is meant.

        Returns
        -------
        list of (form, start, end)
            In the order of the text. A blocker is left out with all that it covers.
        """
        found = self._automaton.find_matches_as_indexes(capitals(clean), overlapping=True)
        found.sort(key=itemgetter(1))
        kept = [one for group in _overlapping(found) for one in _longest(group, cuts)]
        named = ((self._patterns[number], start, end) for number, start, end in kept)
        return [one for one in named if one[0] in self.ways]


_Match = tuple[int, int, int]  # number of the written form, first offset, one after the last


def _overlapping(found: Iterable[_Match]) -> Iterator[list[_Match]]:
    """Yield matches in groups, of which none overlaps another group's."""
    group: list[_Match] = []
    reach = 0
    for match in found:
        if match[1] >= reach and group:
            yield group
            group = []
        group.append(match)
        reach = max(reach, match[2])
    if group:
        yield group


def _longest(group: list[_Match], cuts: Container[int]) -> list[_Match]:
    """Return the longest of matches that overlap, and of what is left, in order."""
    if len(group) == 1:
        return group
    begin = group[0][1]
    free = bytearray(b"\1") * (max(end for _, _, end in group) - begin)
    kept = []
    for match in sorted(
        group, key=lambda item: (item[1] - item[2], -_agreeing(item, cuts), item[1])
    ):
        first, last = match[1] - begin, match[2] - begin
        if all(free[first:last]):
            free[first:last] = bytes(last - first)
            kept.append(match)
    return sorted(kept, key=itemgetter(1))


def _agreeing(found: tuple[int, int, int], cuts: Container[int]) -> int:
    return (found[1] in cuts) + (found[2] in cuts)


_SHORTENED = re.compile(r"(?:集团控股|集团股份|控股集团|集团|控股|股份)$")
_KINDS = alternatives(read_table("aliases")["kinds"])
_KIND = re.compile(rf"(?:{_KINDS})$")
KIND_WORD = re.compile(_KINDS)
"""Last words of names, such as 科技 and 股份: what a cut name may go on with."""
# Blocks of Hong Kong codes: renminbi counters, each the same share once more; bonds, notes and
# foreign shares of a pilot programme (4, 05, 06000 to 06029).
_NO_SHARE = re.compile(r"8|[45]|04|05|060[0-2]")


def build_index(
    rows: Iterable[NameRow], *, blockers: Iterable[str] = (), others: Iterable[Listing] = ()
) -> NameIndex:
    """Return the index of a master.

    Parameters
    ----------
    rows
        Every name of every listing: shares only, no funds and no indices.
    blockers
        Further words that are not to be taken for a name that they hold.
    others
        Listings of the master that are no shares.

    Raises
    ------
    DataError
        If the master is empty.
    """
    by_listing: dict[Listing, list[NameRow]] = defaultdict(list)
    apart = set(others)
    for row in rows:
        listing = _parsed(row.listing)
        if listing is not None and _is_share(listing):
            by_listing[listing].append(row)
        elif listing is not None:
            apart.add(listing)
    if not by_listing:
        raise DataError(
            say("no listing master: names cannot be told from other words"),
            where=say("tables listings and names"),
            fix=say("run `screener data update`, or `screener data import FILE --kind listings`"),
        )
    _drop_temporary(by_listing)
    _add_former(by_listing)
    known = _completions(by_listing)
    companies = {
        listing: _company(listing, entries, known) for listing, entries in by_listing.items()
    }
    ways = _without_media(_ways(by_listing, companies), companies)
    blocked = {clean_name(word).upper() for word in (*_blockers(), *blockers)} - ways.keys()
    return NameIndex(companies, ways, frozenset(blocked), _twins(companies), frozenset(apart))


def _parsed(text: str) -> Listing | None:
    try:
        return parse_listing(text)
    except ScreenerError:
        return None


def _is_share(listing: Listing) -> bool:
    return listing.exchange is not Exchange.HK or _NO_SHARE.match(listing.code) is None


def _drop_temporary(by_listing: dict[Listing, list[NameRow]]) -> None:
    """Leave out Hong Kong's temporary counters (029xx) beside the share that they stand for."""
    lasting = {plain_name(row.name).name for item, rows in by_listing.items() for row in rows
               if not _temporary(item)}  # fmt: skip
    for listing in [item for item in by_listing if _temporary(item)]:
        if any(plain_name(row.name).name in lasting for row in by_listing[listing]):
            del by_listing[listing]


def _add_former(by_listing: dict[Listing, list[NameRow]]) -> None:
    """Put names of before the master in front; the master's first is known from the change on."""
    former: dict[Listing, list[tuple[int, str]]] = defaultdict(list)
    for name, change in read_table("renames")["renamed"].items():
        listing = _parsed(change["listing"])
        if listing is not None and listing in by_listing:
            former[listing].append((change["year"], name))
    for listing, changes in former.items():
        rows = sorted(by_listing[listing], key=lambda row: row.valid_from or date.min)
        if {name for _, name in changes} & {clean_name(row.name) for row in rows}:
            continue  # the master tells of the change itself
        changes.sort()
        given_up = [date(year, 1, 1) for year, _ in changes]
        by_listing[listing] = [
            *(
                replace(rows[0], name=name, valid_from=since)
                for (_, name), since in zip(changes, [None, *given_up], strict=False)
            ),
            replace(rows[0], valid_from=min(given_up[-1], rows[0].valid_from or given_up[-1])),
            *rows[1:],
        ]


def _temporary(listing: Listing) -> bool:
    return listing.exchange.value == "HK" and listing.code.startswith("029")


def _completions(by_listing: Mapping[Listing, list[NameRow]]) -> dict[str, set[str]]:
    """Whole names by their first three characters: what a cut name may have been."""
    found: dict[str, set[str]] = defaultdict(set)
    for rows in by_listing.values():
        for row in rows:
            plain = plain_name(row.name)
            if not plain.cut and len(plain.name) > CUT_LENGTH:
                found[plain.name[:CUT_LENGTH]].add(plain.name)
    return found


def _company(listing: Listing, rows: list[NameRow], known: Mapping[str, set[str]]) -> Company:
    rows = sorted(rows, key=lambda row: (row.valid_from or date.min, row.name))
    own = {plain.name for row in rows if not (plain := plain_name(row.name)).cut}
    names = tuple((row.valid_from, _whole(plain_name(row.name), own, known)) for row in rows)
    return Company(
        listing=listing,
        name=names[-1][1],
        name_en=next((row.name_en for row in reversed(rows) if row.name_en), ""),
        industry=next((row.industry for row in reversed(rows) if row.industry), ""),
        names=names,
        list_date=next((row.list_date for row in rows if row.list_date), _second(listing)),
        delist_date=next((row.delist_date for row in rows if row.delist_date), None),
    )


def _second(listing: Listing) -> date | None:
    """Return the first day of a second line, as far as a table tells."""
    found: date | None = read_table("twins")["listed"].get(listing.id)
    return found


def _whole(plain: Plain, own: set[str], known: Mapping[str, set[str]]) -> str:
    """Complete a cut name: from the listing's own names, else from the only other that fits."""
    if not plain.cut:
        return plain.name
    mine = sorted(name for name in own if name.startswith(plain.name) and len(name) > CUT_LENGTH)
    others = known.get(plain.name, set())
    if mine:
        return mine[-1]
    return next(iter(others)) if len(others) == 1 else plain.name


def _ways(
    by_listing: Mapping[Listing, list[NameRow]], companies: Mapping[Listing, Company]
) -> dict[str, tuple[Way, ...]]:
    found: dict[str, dict[Listing, Way]] = defaultdict(dict)
    shared = {begun for company in companies.values() for begun in _beginnings(company.name_en)}
    for listing, rows in by_listing.items():
        company = companies[listing]
        for row, (_, whole) in zip(
            sorted(rows, key=lambda row: (row.valid_from or date.min, row.name)),
            company.names,
            strict=True,
        ):
            plain = plain_name(row.name)
            forms = {
                **dict.fromkeys(plain.forms, plain.cut),
                whole: plain.cut and whole == plain.name,
            }
            for form, cut in forms.items():
                key = capitals(form)
                bare = len(key) == 2 and f"ST{key}" in forms  # 新潮 of *ST新潮
                trust = trust_in_stem(key) if bare else trust_in(key)
                found[key].setdefault(listing, Way(listing, trust, cut or bare, whole))
        for form in _english(company.name_en):
            trust = Trust.LETTERS if form in shared else trust_in(form)
            found[form].setdefault(listing, Way(listing, trust))
    _add_short_forms(found, companies)
    _add_special_forms(found, companies)
    _add_aliases(found, companies)
    _add_nicknames(found, companies)
    return {form: tuple(ways.values()) for form, ways in found.items() if len(form) > 1}


def _english(name: str) -> tuple[str, ...]:
    plain = TAIL_MARK.sub("", clean_name(name).upper())
    plain = TAIL_MARK.sub("", plain)
    return (plain,) if re.fullmatch(r"[A-Z][A-Z0-9&.'-]{2,}", plain) else ()


def _beginnings(name: str) -> list[str]:
    """Return what an English name begins with, word by word: it may be another's whole name."""
    words = name.upper().split()
    return ["".join(words[:size]) for size in range(1, len(words))]


def _add_short_forms(
    found: dict[str, dict[Listing, Way]], companies: Mapping[Listing, Company]
) -> None:
    """Add a Hong Kong name without 控股 or 集团 where nothing else is called so."""
    shortened: dict[str, set[Listing]] = defaultdict(set)
    for listing, company in companies.items():
        short = _SHORTENED.sub("", company.name)
        if not listing.exchange.mainland and short != company.name and len(short) > 1:
            shortened[capitals(short)].add(listing)
    begun: dict[str, set[str]] = defaultdict(set)
    for company in companies.values():
        for size in range(2, len(company.name)):
            begun[capitals(company.name[:size])].add(company.name)
    for form, listings in shortened.items():
        if len(listings) == 1 and form not in found and len(begun[form]) == 1:  # 中信 begins many
            (listing,) = listings
            found[form][listing] = Way(listing, trust_in(form))


def _add_special_forms(
    found: dict[str, dict[Listing, Way]], companies: Mapping[Listing, Company]
) -> None:
    """Add ST before the first two characters of a mainland name that no other name begins with."""
    starting: dict[str, set[Listing]] = defaultdict(set)
    for listing, company in companies.items():
        if listing.exchange.mainland and len(company.name) > 2:
            starting[ST_MARK.sub("", company.name)[:2]].add(listing)
    for begun, listings in starting.items():
        form = f"ST{begun}"
        if len(listings) == 1 and form not in found and not begun[0].isascii():
            (listing,) = listings
            found[form][listing] = Way(listing, Trust.DISTINCT)


def _add_nicknames(
    found: dict[str, dict[Listing, Way]], companies: Mapping[Listing, Company]
) -> None:
    """Add the first two characters of a name where they are no word and fit no other company."""
    shortened: dict[str, set[Listing]] = defaultdict(set)
    starting: dict[str, set[str]] = defaultdict(set)
    for listing, company in companies.items():
        starting[company.name[:2]].add(company.name)
        short = _KIND.sub("", company.name)
        if len(short) == 2 and short != company.name and not is_word(short):
            shortened[short].add(listing)
    for form, listings in shortened.items():
        if form not in found and len(starting[form]) == 1:
            for listing in listings:
                found[form][listing] = Way(listing, Trust.NICK)


def _add_aliases(
    found: dict[str, dict[Listing, Way]], companies: Mapping[Listing, Company]
) -> None:
    table = read_table("aliases")
    for form, ids in (table["aliases"] | table["english"] | table["beside"]).items():
        key = capitals(clean_name(form))
        for text in [ids] if isinstance(ids, str) else ids:
            listing = _parsed(text)
            if listing is not None and listing in companies:
                trust = Trust.BESIDE if form in table["beside"] else trust_in_alias(key)
                found[key][listing] = Way(listing, trust)


def _without_media(
    ways: dict[str, tuple[Way, ...]], companies: Mapping[Listing, Company]
) -> dict[str, tuple[Way, ...]]:
    """Leave out short forms of companies that are what a paper or an agency is called."""
    media = {clean_name(word).upper() for word in read_table("words")["media"]}
    whole = {name.upper() for company in companies.values() for _, name in company.names}
    return {form: found for form, found in ways.items() if form not in media - whole}


def _blockers() -> tuple[str, ...]:
    words = read_table("words")
    return (
        *words["products"],
        *words["outsiders"],
        *words["media"],
        *words["indices"],
        *words["longer"],
    )


def _twins(companies: Mapping[Listing, Company]) -> dict[Listing, tuple[Listing, ...]]:
    """Lines of one company: equal names on the mainland and in Hong Kong, and the stated pairs."""
    table = read_table("twins")
    unlike = {frozenset(pair) for pair in table["different"]}
    groups: dict[str, set[Listing]] = defaultdict(set)
    for listing, company in companies.items():
        for _, name in company.names:
            groups[SHARE_CLASS.sub("", name)].add(listing)
    pairs = [group for group in groups.values() if len(group) > 1]
    pairs += [{parse_listing(one) for one in pair} & companies.keys() for pair in table["pairs"]]
    found: dict[Listing, set[Listing]] = defaultdict(set)
    for group in pairs:
        for one in group:
            found[one] |= {
                other
                for other in group - {one}
                if frozenset((one.id, other.id)) not in unlike
                and one.exchange.mainland is not other.exchange.mainland
            }
    return {one: tuple(sorted(others)) for one, others in found.items() if others}
