"""What the extraction bench counts: a reading of a text against its labels, measure by measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.labelled_texts import Case, LabelledSecurity
from screener.domain.report import Role
from screener.reports.text.text import clean_name

__all__ = ["SHIPPED", "Compared", "Found", "Score", "Tally", "compare", "same_theme", "score"]

SHIPPED = {
    "算力租赁": "compute-leasing",
    "铜": "copper",
    "磷化铟": "inp-substrates",
    "家电跨界": "crossover-appliance",
    "云服务": "cloud-services",
    "大模型": "large-models",
    "IM入口": "im-gateways",
    "算力硬件": "compute-hardware",
    "国产算力": "domestic-compute",
}
"""Labels of the themes that ship with a basket, and their slugs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the reader found in a text.

    Parameters
    ----------
    securities
        Listing id, role, slug of the theme (empty for none).
    doubts
        As printed, and the ids of the listings proposed.
    seconds
        Time by stage.
    """

    securities: frozenset[tuple[str, Role, str]]
    doubts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def listings(self) -> frozenset[str]:
        """Every security."""
        return frozenset(listing for listing, _, _ in self.securities)

    @property
    def recommended(self) -> frozenset[str]:
        """The securities recommended."""
        return frozenset(s for s, role, _ in self.securities if role is Role.RECOMMENDED)

    @property
    def themed(self) -> frozenset[tuple[str, str]]:
        """The securities recommended, each with the slug of its theme."""
        return frozenset((s, theme) for s, role, theme in self.securities if role == "recommended")


def same_theme(label: str, slug: str) -> bool:
    """Tell whether a slug is that of a label, as far as the themes that ship know it."""
    return SHIPPED.get(label) == slug


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were right, wrongly found, and missing."""

    right: int = 0
    wrong: int = 0
    missing: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.right + other.right, self.wrong + other.wrong, self.missing + other.missing
        )

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 1 where nothing was found."""
        return _share(self.right, self.wrong)

    @property
    def recall(self) -> float:
        """Share of what is there that was found; 1 where nothing is there."""
        return _share(self.right, self.missing)

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return _share(2 * self.right, self.wrong + self.missing)

    def text(self) -> str:
        """Return precision, recall and F1 for a table; empty where there is nothing to measure."""
        if self == Tally():
            return ""
        return f"{self.precision:.2f} {self.recall:.2f} {self.f1:.3f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Tallies of one text, or of many added up.

    Parameters
    ----------
    recommended
        Securities recommended, whatever their theme.
    themed
        The same with their themes, those for which the text gives none left out.
    named
        All securities, whatever their role.
    doubts
        What must be proposed: `wrong` counts questions that nobody needs.
    roles
        Of the securities rightly found, those with the right role, and (`wrong`) the others.
    """

    recommended: Tally = Tally()
    themed: Tally = Tally()
    named: Tally = Tally()
    doubts: Tally = Tally()
    roles: Tally = Tally()

    def __add__(self, other: Score) -> Score:
        return Score(
            recommended=self.recommended + other.recommended,
            themed=self.themed + other.themed,
            named=self.named + other.named,
            doubts=self.doubts + other.doubts,
            roles=self.roles + other.roles,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What is wrong and missing under one measure, and how many are right."""

    measure: str
    right: int
    wrong: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def tally(self) -> Tally:
        """Count them."""
        return Tally(self.right, len(self.wrong), len(self.missing))


def compare(case: Case, found: Found) -> tuple[Compared, ...]:
    """Compare a reading with the labels, measure by measure."""
    measures = [
        _compare_sets("recommended", case.recommended, found.recommended),
        _compare_themes(case, found),
    ]
    if case.kind != "shared":  # their cards list what is recommended, not all that is named
        measures += [
            _compare_sets("named", case.listings, found.listings),
            _compare_doubts(case, found),
            _compare_roles(case, found),
        ]
    return tuple(measures)


def score(case: Case, found: Found) -> Score:
    """Return the tallies of one text."""
    return Score(**{compared.measure: compared.tally for compared in compare(case, found)})


def _compare_sets(measure: str, labelled: frozenset[str], found: frozenset[str]) -> Compared:
    return Compared(
        measure=measure,
        right=len(labelled & found),
        wrong=tuple(sorted(found - labelled)),
        missing=tuple(sorted(labelled - found)),
    )


def _compare_themes(case: Case, found: Found) -> Compared:
    recommended = [s for s in case.securities if s.role is Role.RECOMMENDED]
    unthemed = {s.listing for s in recommended if not s.themes}
    wanted = [s for s in recommended if s.themes]
    given = {pair for pair in found.themed if pair[0] not in unthemed}
    labels = _labels_of_slugs(wanted, given)
    right, missing = set(), []
    for security in wanted:
        pairs = {
            (security.listing, slug)
            for label in security.themes
            for slug in labels.get(label, ())
            if (security.listing, slug) in given
        }
        right |= pairs
        if not pairs:
            missing.append(f"{security.listing}:{'|'.join(security.themes)}")
    return Compared(
        measure="themed",
        right=len(wanted) - len(missing),
        wrong=tuple(sorted(":".join(pair) for pair in given - right)),
        missing=tuple(missing),
    )


def _labels_of_slugs(
    wanted: Sequence[LabelledSecurity], given: Iterable[tuple[str, str]]
) -> dict[str, set[str]]:
    """Pair labels with slugs: those that ship by name, others one to one by what they share.

    The slug of a theme that does not ship is the reader's own choice; what counts is that the
    right securities are under one.
    """
    given = list(given)
    all_labels = {label for security in wanted for label in security.themes}
    pairs = {label: {slug for _, slug in given if same_theme(label, slug)} for label in all_labels}
    overlap = Counter(
        (label, slug)
        for security in wanted
        for label in security.themes
        for listing, slug in given
        if listing == security.listing and slug and slug not in SHIPPED.values()
    )
    taken: set[str] = set()
    for (label, slug), _ in sorted(overlap.items(), key=lambda item: (-item[1], item[0])):
        if label not in SHIPPED and not pairs[label] and slug not in taken:
            pairs[label] = {slug}
            taken.add(slug)
    return pairs


def _compare_doubts(case: Case, found: Found) -> Compared:
    left = list(found.doubts)
    missing = []
    for doubt in case.doubts:
        printed = clean_name(doubt.printed)
        hits = [
            one
            for one in left
            if doubt.listing in one[1] and (one[0] in printed or printed in clean_name(one[0]))
        ]
        left = [one for one in left if one not in hits]
        if not hits:
            missing.append(f"{doubt.printed}>{doubt.listing}")
    return Compared(
        measure="doubts",
        right=len(case.doubts) - len(missing),
        wrong=tuple(f"{printed}>{'/'.join(proposals[:3])}" for printed, proposals in left),
        missing=tuple(missing),
    )


def _compare_roles(case: Case, found: Found) -> Compared:
    labelled = {security.listing: security.role for security in case.securities}
    roles = {listing: role for listing, role, _ in found.securities}
    both = sorted(labelled.keys() & roles.keys())
    wrong = tuple(f"{s}:{roles[s]}/{labelled[s]}" for s in both if roles[s] != labelled[s])
    return Compared(measure="roles", right=len(both) - len(wrong), wrong=wrong, missing=())


def _share(right: int, others: int) -> float:
    return right / (right + others) if right + others else 1.0
