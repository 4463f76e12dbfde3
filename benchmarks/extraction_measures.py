"""How a reading is held against labels: tallies by measure, kinds of errors, intervals by text."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.extraction_labels import ClaimKey, Labels, Wanted
from benchmarks.extraction_scores import Tally

__all__ = ["MEASURES", "Answer", "Error", "Measured", "interval", "kinds", "measured", "total"]

MEASURES = (
    "securities", "recommended", "roles", "dates", "brokers", "ratings", "targets", "claims",
)  # fmt: skip
_DRAWS = 1_000
_TAIL = 0.025
_RECOMMENDED = "recommended"
_ASIDES = frozenset({"compared", "example"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the reader found in a text.

    Parameters
    ----------
    roles
        Part by listing.
    day, broker, rating
        As read; empty where nothing is told, and for a day that is only estimated.
    own_ratings
        Rating by listing.
    claims
        Whose, of what, of when, and the value; two values of one thing are two claims.
    """

    roles: Mapping[str, str]
    day: str = ""
    broker: str = ""
    rating: str = ""
    own_ratings: Mapping[str, str]
    claims: frozenset[tuple[ClaimKey, float]]

    @property
    def targets(self) -> dict[str, set[float]]:
        """Target prices by listing, both ends of a range."""
        found: dict[str, set[float]] = {}
        for (subject, measure, _), value in self.claims:
            if measure.startswith("target price"):
                found.setdefault(subject, set()).add(value)
        return found


@dataclass(frozen=True, slots=True)
class Error:
    """What is wrong with a reading: under which measure, of which kind, and what it is about."""

    measure: str
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Tallies of one text by measure, and its errors."""

    labels: Labels
    tallies: Mapping[str, Tally]
    errors: tuple[Error, ...]


@dataclass(slots=True)
class _Count:
    tallies: dict[str, Tally] = field(default_factory=dict)
    errors: list[Error] = field(default_factory=list)

    def right(self, measure: str) -> None:
        self.tallies[measure] = self.tallies.get(measure, Tally()) + Tally(right=1)

    def wrong(self, measure: str, kind: str, about: str) -> None:
        self.tallies[measure] = self.tallies.get(measure, Tally()) + Tally(wrong=1)
        self.errors.append(Error(measure, kind, about))

    def missing(self, measure: str, kind: str, about: str) -> None:
        self.tallies[measure] = self.tallies.get(measure, Tally()) + Tally(missing=1)
        self.errors.append(Error(measure, kind, about))

    def told(self, measure: str, wanted: frozenset[str], found: str) -> None:
        """Count one thing that a text tells, or does not tell."""
        if found in wanted and not found:
            return  # telling nothing is right, too
        if wanted and found in wanted:
            self.right(measure)
        elif wanted and not found:
            self.missing(measure, "not found", "/".join(sorted(wanted)))
        elif wanted:
            # Another than the one that is printed: found wrongly, and the right one missing.
            self.wrong(measure, "another than printed", f"{found}, not {'/'.join(sorted(wanted))}")
            self.tallies[measure] += Tally(missing=1)
        elif found:
            self.wrong(measure, "told where none is printed", found)


def measured(labels: Labels, answer: Answer) -> Measured:
    """Hold a reading against the labels of its text."""
    count = _Count()
    _securities(count, labels, answer)
    if labels.dates is not None:
        count.told("dates", labels.dates, answer.day)
    if labels.brokers is not None:
        count.told("brokers", labels.brokers, answer.broker)
    if labels.ratings is not None:
        count.told("ratings", labels.ratings, answer.rating)
    for one in labels.wanted:
        if one.rating and not one.optional:
            found = next(
                (answer.own_ratings[x] for x in one.listings if x in answer.own_ratings), ""
            )
            count.told("ratings", frozenset({one.rating}), found)
    if labels.targeted:
        _targets(count, labels, answer)
    if labels.claims is not None:
        _claims(count, labels.claims, answer.claims, every=labels.every_claim)
    return Measured(labels, count.tallies, tuple(count.errors))


def _securities(count: _Count, labels: Labels, answer: Answer) -> None:
    entries = _entries(labels.wanted)
    met: dict[int, tuple[Wanted, set[str]]] = {}
    for listing, role in answer.roles.items():
        one = entries.get(listing)
        if one is not None:
            met.setdefault(id(one), (one, set()))[1].add(role)
        elif labels.whole or role == _RECOMMENDED:
            kind = "extra: " + labels.why_not.get(listing, "not labelled")
            if labels.whole:
                count.wrong("securities", kind, listing)
            if role == _RECOMMENDED:
                count.wrong(_RECOMMENDED, kind, listing)
    for one in labels.wanted:
        if not one.optional:
            _security(count, one, met.get(id(one), (one, set()))[1], whole=labels.whole)


def _entries(wanted: Sequence[Wanted]) -> dict[str, Wanted]:
    found: dict[str, Wanted] = {}
    for one in wanted:
        found[one.listings[0]] = one
    for one in wanted:
        for listing in one.listings[1:]:
            found.setdefault(listing, one)
    return found


def _security(count: _Count, one: Wanted, roles: set[str], *, whole: bool) -> None:
    about, alone = one.listings[0], len(one.roles) == 1
    if roles & _ASIDES:  # labels of four parts call these mentioned
        roles = roles | {"mentioned"}
    if not roles:
        if whole:
            count.missing("securities", f"missed: {one.role}", about)
        if one.role == _RECOMMENDED and alone:
            count.missing(_RECOMMENDED, "missed", about)
        return
    if whole:
        count.right("securities")
        if roles & one.roles:
            count.right("roles")
        else:
            count.wrong("roles", f"{one.role} given as {'/'.join(sorted(roles))}", about)
    said = _RECOMMENDED in roles
    if one.role == _RECOMMENDED and said:
        count.right(_RECOMMENDED)
    elif one.role == _RECOMMENDED and not roles & one.roles:
        count.missing(_RECOMMENDED, f"given as {'/'.join(sorted(roles))}", about)
    elif said and _RECOMMENDED not in one.roles:
        count.wrong(_RECOMMENDED, f"is {one.role}", about)


def _targets(count: _Count, labels: Labels, answer: Answer) -> None:
    found = answer.targets
    known = {listing for one in labels.wanted for listing in one.listings}
    for one in labels.wanted:
        values = set().union(*(found.get(listing, set()) for listing in one.listings))
        if not one.targets:
            for value in sorted(values):
                count.wrong("targets", "of a security without one", f"{one.listings[0]} {value:g}")
        elif values & one.targets:
            count.right("targets")
        elif values:
            count.wrong("targets", "another than printed", f"{one.listings[0]} {values}")
            count.tallies["targets"] += Tally(missing=1)
        else:
            count.missing("targets", "not found", f"{one.listings[0]} {sorted(one.targets)}")
    for listing in found.keys() - known:
        count.wrong("targets", "of a security not labelled", f"{listing} {found[listing]}")


def _claims(
    count: _Count,
    wanted: Mapping[ClaimKey, float],
    found: frozenset[tuple[ClaimKey, float]],
    *,
    every: bool,
) -> None:
    for key, value in sorted(found):
        if key in wanted and wanted[key] == value:
            count.right("claims")
        elif every or key in wanted:
            kind = "another value" if key in wanted else "not labelled"
            count.wrong("claims", kind, f"{' '.join(key)} {value:g}")
    for key, value in wanted.items():
        if (key, value) not in found:
            count.missing("claims", "not found", f"{' '.join(key)} {value:g}")


# ---- totals --------------------------------------------------------------------------------------


def total(rows: Sequence[Measured], measure: str) -> Tally:
    """Add up what some texts count under a measure."""
    return sum((row.tallies.get(measure, Tally()) for row in rows), Tally())


def interval(rows: Sequence[Measured], measure: str) -> tuple[float, float]:
    """Return an interval of 95 % for F1: whole texts are drawn anew."""
    own = [row.tallies[measure] for row in rows if measure in row.tallies]
    if len(own) < 2:
        return (0.0, 1.0)
    rng = random.Random(7)
    drawn = sorted(sum(rng.choices(own, k=len(own)), Tally()).f1 for _ in range(_DRAWS))
    return drawn[int(_TAIL * _DRAWS)], drawn[int((1 - _TAIL) * _DRAWS) - 1]


def kinds(rows: Sequence[Measured]) -> Iterator[tuple[str, str, int]]:
    """Yield measure, kind of error and how often, the commonest of each measure first."""
    counts = Counter((error.measure, error.kind) for row in rows for error in row.errors)
    order = {measure: number for number, measure in enumerate(MEASURES)}
    for (measure, kind), times in sorted(
        counts.items(), key=lambda item: (order[item[0][0]], -item[1], item[0][1])
    ):
        yield measure, kind, times
