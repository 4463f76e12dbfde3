"""Names that stand together: enumerations and columns, in which certain names vouch for others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from screener.reports.securities.candidates import ALONE, EDGE, SURE, Candidate
from screener.reports.securities.edges import are_houses
from screener.reports.securities.name_index import Trust
from screener.reports.text.text import Place, Text

__all__ = ["weigh_company", "weigh_neighbours"]

_BESIDE = 0.35  # what a certain name beside it in an enumeration adds
_CODED = 0.5  # what the same listing's code elsewhere in the text adds
_AMONG = 0.5  # what certain names beside it add to a word
_CLEAN = ALONE[Trust.WORD] + 2 * EDGE - 1e-9  # of a word with clean edges
_HALF_CLEAN = ALONE[Trust.WORD] + EDGE - 1e-9
_COLUMN_LEAST = 2
_LONGEST_GAP = 90
_ASIDE = re.compile(
    r"\([^()]{0,60}\)|\[[^\[\]]{0,60}\]|【[^【】]{0,40}】|[+-]?\d{1,9}(?:\.\d{1,9})?%|[*]{2}"
)
_ASIDES = frozenset("([【%*")  # one of these stands in each
_CONNECTOR = re.compile(r"(?:[、/|·&+]|以及|和|与|及|或|,?and){1,2}")
_JOINTS = frozenset({"、", "/", "|", "·", "&", "+", "和", "与", "及", "或"})
_LOOSE = re.compile(r"[,;→•-]|(?<!\d)\d{1,2}[.、)]")  # may part the names of a list, or sentences
_STRANGER = re.compile(r"(?:[、/|]|以及|和|与|及)?([^、,。;:!?/|()]{2,10})[、/|和与及]")
_CELL_AFTER = re.compile(
    r"[|+-]?\d|[|-]?(?:买入|增持|推荐|强推|持有|中性|优于|跑赢|未评级|强烈|谨慎|审慎|减持)|\|"
)
_WHOLE_CELL = 2 * EDGE + 0.05


def weigh_company(candidates: list[Candidate]) -> None:
    """Raise names whose code stands elsewhere in the text, drop words whose company does not."""
    coded = {item.listings[0] for item in candidates if item.coded}
    full = (item for item in candidates if item.trust is not Trust.BESIDE)
    sure = coded.union(*(item.listings for item in full if item.score >= SURE))
    for item in candidates:
        if item.trust is Trust.BESIDE and sure.isdisjoint(item.listings):
            item.score = 0.0
        named = not item.coded and not item.broker and coded.intersection(item.listings)
        if named and (item.score >= ALONE[Trust.SHORT] or item.trust is not Trust.WORD):
            item.score += _CODED


def weigh_neighbours(text: Text, candidates: list[Candidate]) -> list[Candidate]:
    """Count the enumerations, and let certain names vouch for the doubtful ones beside them.

    Returns
    -------
    list of Candidate
        Names in cells beside certain ones that stay doubtful: they are to be asked about.
    """
    runs = _runs(text, candidates, loose=False)
    for number, run in enumerate(runs):
        for item in run:
            item.run = number
        _vouch(text.clean, run)
    cells = _vouch_in_column(text, candidates)
    if any(_doubtful(item) for item in candidates):
        for run in _runs(text, candidates, loose=True):
            _vouch_loosely(run)
    return [item for item in cells if 0 < item.score < SURE]


def _runs(text: Text, candidates: Sequence[Candidate], *, loose: bool) -> list[list[Candidate]]:
    runs: list[list[Candidate]] = []
    for item in candidates:
        if runs and _links(text, runs[-1][-1], item, loose=loose):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _links(text: Text, left: Candidate, right: Candidate, *, loose: bool) -> bool:
    gap = text.clean[left.whole.end : right.whole.start]
    if len(gap) > _LONGEST_GAP:
        return False
    if gap in _JOINTS:
        return True
    bare = (gap if _ASIDES.isdisjoint(gap) else _ASIDE.sub("", gap)).strip(")]】")
    if not bare:
        certain = left.trust is right.trust is Trust.DISTINCT
        return bool(gap) or left.coded or right.coded or certain or _parted(text, left, right)
    if _CONNECTOR.fullmatch(bare) or (bare in (",", ";") and left.coded and right.coded):
        return True
    if loose:
        return _LOOSE.fullmatch(bare) is not None
    stranger = _STRANGER.fullmatch(bare)
    if stranger:
        right.strangers = 1
    return stranger is not None


def _parted(text: Text, left: Candidate, right: Candidate) -> bool:
    """Tell whether nothing but white space parts two names."""
    return all(_set_off(text, one) for one in (left, right)) and text.blank_before(
        right.whole.start
    )


def _set_off(text: Text, item: Candidate) -> bool:
    """Tell whether a name is no word of two characters, unless white space sets off an alias."""
    start, end = item.place
    return item.longer or (item.alias and text.blank_before(start) and text.blank_before(end))


def _vouch(clean: str, run: list[Candidate]) -> None:
    """Raise names beside certain names, unless the list is one of ordinary words."""
    if len(run) < 2:
        return
    sure = [item for item in run if item.score >= SURE]
    strangers = sum(item.strangers for item in run)
    brokers = [item for item in run if item.broker and item.score > 0]
    houses = all(item.broker and not item.coded for item in run)
    whole = Place(run[0].whole.start, run[-1].whole.end)
    if houses and (any(item.score <= 0 for item in run) or are_houses(clean, whole)):
        for item in run:  # 据甲证券、乙证券…, or …联合推荐的: all of them are sources
            item.score = 0.0
        return
    for item in run:
        if item.score >= SURE or item.score <= 0:
            continue
        if item.broker:
            item.score += _BESIDE if len(brokers) > 1 or sure else 0.0
        elif item.trust is Trust.WORD:
            edged = item.score >= (_CLEAN if strangers or not item.longer else _HALF_CLEAN)
            item.score += _AMONG if len(sure) > strangers and edged else 0.0
        elif sure or _mutual(run):
            item.score += _BESIDE


def _mutual(run: list[Candidate]) -> bool:
    """Three and more likely names in one enumeration vouch for one another."""
    return sum(item.score >= 0.5 for item in run) >= 3


def _vouch_loosely(run: list[Candidate]) -> None:
    """Raise names between commas or on lines of their own, if both their edges are clean."""
    sure = sum(item.score >= SURE for item in run)
    if len(run) < 2 or not sure:
        return
    for item in run:
        if _doubtful(item):
            led = item.broker and run[0].broker and run[0].score >= SURE
            item.score += _AMONG if led or 2 * sure >= len(run) else 0.0


def _doubtful(item: Candidate) -> bool:
    """Tell whether a name with clean edges, and not a cut one, is not certain."""
    clean = _CLEAN <= item.score < SURE
    return clean and item.trust is not Trust.NICK and not any(way.cut for way in item.ways)


def _vouch_in_column(text: Text, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Raise names that fill cells of rows, as others do that are certain; return the doubtful."""
    cells = [item for item in candidates if _is_cell(text, item)]
    sure = sum(item.score >= SURE for item in cells)
    doubtful = [item for item in cells if item.score < SURE and item.trust is not Trust.NICK]
    if sure >= max(_COLUMN_LEAST, len(doubtful)):
        for item in doubtful:
            item.score += _AMONG + _WHOLE_CELL if item.score > 0 else 0.0
    return doubtful if sure else []


def _is_cell(text: Text, item: Candidate) -> bool:
    """Tell whether a name has a cell of its own: white space or a line around it, then a figure."""
    clean, (start, end) = text.clean, item.whole
    opens = start == 0 or text.blank_before(start) or clean[start - 1] == "|"
    closes = end == len(clean) or text.blank_before(end) or clean[end] == "|"
    return opens and closes and _CELL_AFTER.match(clean, end) is not None
