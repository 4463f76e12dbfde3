"""Whom a sentence speaks of, followed from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from screener.reports.claims.sentences.figure_runs import SEPARATORS, passing
from screener.reports.claims.vocabulary import Kind, Token, Vocabulary
from screener.reports.text.found import Spotted

__all__ = ["Company", "SubjectOf", "Subjects", "same_company"]

Company: TypeAlias = tuple[Spotted, ...]
"""The lines of one company that a printed name can mean."""

_OBJECT_KINDS = frozenset({Kind.FROM, Kind.MORE, Kind.LESS, Kind.TO})
_OF_A_NAME = frozenset({Kind.CODE, Kind.OPEN, Kind.CLOSE})
_LONGEST_GROUP = 200  # companies; no row of figures is as long
_NEAR = 7  # characters before a name in which a word makes it a customer


@dataclass(frozen=True, slots=True)
class SubjectOf:
    """Whom a sentence without a name of its own speaks of.

    Parameters
    ----------
    item
        The security under whose heading it stands.
    said
        The one that a word such as 公司 means.
    alone
        The only one that the document names.
    whole
        The one that the document is about.
    """

    item: Company | None = None
    said: Company | None = None
    alone: Company | None = None
    whole: Company | None = None


def same_company(one: Company, other: Company) -> bool:
    """Tell whether two places name one company."""
    return one[0].name == other[0].name or any(
        line.listing == item.listing for line in one for item in other
    )


class _Part(Enum):
    """Part that a name plays in its sentence."""

    SUBJECT = auto()
    OBJECT = auto()
    UNCLEAR = auto()


@dataclass(slots=True)
class Subjects:
    """Whom a sentence speaks of at the point that was read so far.

    Parameters
    ----------
    clean, words, found, start
        The text, the vocabulary, the tokens of the sentence, and where it begins.
    inherited
        What the sentences before it leave.
    group
        Companies named as its subject.
    named
        Every company named.
    clear
        Whether nothing unknown stands between the subject, or a comma, and this point.
    opening
        Whether nothing unknown stands between the sentence's beginning and this point.
    unclear
        Whether a name was met of which it is not clear what it does there.
    doubtful
        Whether that name is of a company known here: its figures are asked about.
    pronoun
        Whether a word for the company was met.
    diverted
        Whether a customer, a supplier or a holding was named last: only figures of a period are
        still the subject's own.
    closed
        Whether the end of an item was met: it is inherited no more.
    tail
        Number of the name that may turn out to be a heading, -1 for none.
    """

    clean: str
    words: Vocabulary
    found: Sequence[Token]
    start: int
    inherited: SubjectOf
    group: tuple[Company, ...] = ()
    named: list[Company] = field(default_factory=list)
    clear: bool = True
    opening: bool = True
    unclear: bool = False
    doubtful: bool = False
    pronoun: bool = False
    diverted: bool = False
    closed: bool = False
    tail: int = -1

    def interrupt(self) -> None:
        """Take notice of words that are not known: what follows may be of something else."""
        self.clear = self.opening = False

    def restart(self) -> None:
        """Begin anew after a heading, a number or a bullet."""
        self.group, self.tail = (), -1
        self.clear = self.opening = self.closed = True
        self.unclear = self.doubtful = self.pronoun = self.diverted = False

    def name(self, at: int, gap: str, *, inside: bool) -> bool:
        """Take a name; return whether it goes on with an enumeration.

        Parameters
        ----------
        at
            Number of its token.
        gap
            Characters between it and the token before.
        inside
            Whether it stands in brackets.
        """
        company = self.found[at].spotted
        self.named.append(company)
        if self._enumerates(at, gap):
            if len(self.group) < _LONGEST_GROUP:
                self.group = (*self.group, company)
            self.tail = -1
            return True
        part = self._part(at, gap)
        if inside and self.group and not any(same_company(company, x) for x in self.group):
            part = _Part.OBJECT
        self.diverted = part is _Part.OBJECT and not inside
        if part is _Part.OBJECT:
            self.clear = False
            return False
        self.unclear = self.doubtful = part is _Part.UNCLEAR
        self.clear = not self.unclear
        self.group, self.tail = ((), -1) if self.unclear else ((company,), at)
        return False

    def other(self, at: int, gap: str) -> None:
        """Take a company without a line here: what follows may be its own."""
        if self._part(at, gap) is _Part.OBJECT:
            self.diverted, self.clear = True, False
        else:
            self.lose()

    def lose(self) -> None:
        """Speak of nobody that is known until a name comes."""
        self.group, self.tail = (), -1
        self.unclear, self.doubtful, self.clear = True, False, False

    def refer(self, at: int, gap: str) -> bool:
        """Take a word such as 公司; return whether it begins anew to speak of the company."""
        if not gap and at and self.found[at - 1].kind is Kind.NAME:
            return False
        if not passing(gap) and not self.words.ends_in("pronoun_before", gap):
            return False
        self.pronoun = self.clear = True
        self.diverted = False
        return True

    def companies(self, *, labelled: bool) -> tuple[Company, ...]:
        """Return whom figures at this point speak of; empty if that is not clear.

        Parameters
        ----------
        labelled
            Whether they stand in a table's cell, beside a label with a unit.
        """
        if self.group or self.unclear:
            return self.group
        found, whom = self.inherited, None
        item = None if self.closed else found.item
        if self.pronoun:
            whom = item or (None if self.closed else found.said) or found.whole
        elif labelled:
            whom = found.whole
        elif self.opening:
            whom = item or found.alone
        return () if whom is None else (whom,)

    def _enumerates(self, at: int, gap: str) -> bool:
        if gap not in SEPARATORS or not self.group or self._is_used(self.found[at]):
            return False
        before = at - 1
        while before >= 0 and self.found[before].kind in _OF_A_NAME:
            before -= 1
        return before >= 0 and self.found[before].kind is Kind.NAME

    def _part(self, at: int, gap: str) -> _Part:
        if self._is_used(self.found[at]):
            return _Part.OBJECT
        if not gap:
            led = at > 0 and self._leads_to_an_object(self.found[at - 1])
            return _Part.OBJECT if led else _Part.SUBJECT
        if gap in ("和", "与", "及", "以及") or self.words.ends_in("object_before", gap):
            return _Part.OBJECT
        if passing(gap) or self.words.ends_in("topic_before", gap):
            return _Part.SUBJECT
        if self._followed_by_figures(at) or not self._another(self.found[at].spotted):
            return _Part.SUBJECT
        return _Part.UNCLEAR

    def _is_used(self, token: Token) -> bool:
        """Tell whether words beside a name make it a customer, a supplier or a party."""
        if self.words.begins_with("object_after", self.clean[token.end : token.end + _NEAR]):
            return True
        near = self.clean[max(self.start, token.start - _NEAR) : token.start]
        return any(word in near for word in self.words.words["object_near"])

    def _leads_to_an_object(self, before: Token) -> bool:
        if before.kind in _OBJECT_KINDS:
            return True
        words = self.words.words["object_before"]
        if before.kind is Kind.FILLER and before.text in words:
            return True
        near = self.clean[max(self.start, before.end - _NEAR) : before.end]
        return near.endswith(tuple(word for word in words if len(word) > 1))

    def _followed_by_figures(self, at: int) -> bool:
        """Tell whether a period or a measure comes right after a name and its code."""
        end = self.found[at].end
        for number in range(at + 1, len(self.found)):
            token = self.found[number]
            if token.start != end:
                return False
            if token.kind not in _OF_A_NAME:
                return token.kind in (Kind.PERIOD, Kind.MEASURE, Kind.LOSS)
            end = token.end
        return False

    def _another(self, company: Company) -> bool:
        """Tell whether a sentence may speak of another company than one."""
        known = self.inherited
        others = [*self.group, *filter(None, (known.item, known.said, known.whole))]
        return any(not company or not same_company(company, other) for other in others)
