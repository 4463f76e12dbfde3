"""A date with what surrounds it: the words of its clause, its line, who signs beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from screener.reports.authors.brokers import brokers_in
from screener.reports.dates.forms import Form
from screener.reports.dates.words import date_words, small
from screener.reports.text.text import Text
from screener.reports.text.vocabulary import cut_points, is_word

__all__ = ["HEAD", "Scene", "scenes_of", "whole_words"]

HEAD = 300
"""Characters of a document's head."""

_WINDOW = 24
_SIGNED = re.compile(r"(?:(?:证券|经济)*研究[所院部]|研究中心)?[·|:,/_-]{0,4}$")
_CLAUSE = re.compile(r"[。;!?|【】《》]|--")
_LINE_REST = re.compile(r"[ \t\u3000]*(?:\r?\n|$)")
_LINE_START = re.compile(r"(?:^|\n)[ \t\u3000]*$")


@dataclass(frozen=True, slots=True)
class Scene:
    """One date with the words around it, in small letters: up to its neighbours' dates.

    Parameters
    ----------
    form
        The date as written.
    before, after
        The words around it.
    row
        Whether another full date stands right beside it.
    alone
        Whether it has a line of the document for itself.
    heading
        Whether it stands in the head, where no sentence has ended yet.
    signed
        Whether a broker's name stands right before it: the two sign what is above or below them.
    """

    form: Form
    before: str
    after: str
    row: bool
    alone: bool
    heading: bool
    signed: bool


def scenes_of(text: Text, forms: Sequence[Form]) -> list[Scene]:
    """Return each date with what surrounds it.

    Parameters
    ----------
    text
        The text.
    forms
        The dates written in it, in order.
    """
    lower, clean = small(text.clean), text.clean
    stop = clean.find("。")
    head = min(HEAD, stop if stop >= 0 else len(clean))
    scenes = []
    for i, form in enumerate(forms):
        start, end = form.place
        since = forms[i - 1].place.end if i else 0
        until = forms[i + 1].place.start if i + 1 < len(forms) else len(clean)
        near = (start - since < 3 and i > 0 and forms[i - 1].full_day) or (
            until - end < 3 and i + 1 < len(forms) and forms[i + 1].full_day
        )
        before = lower[max(since, start - _WINDOW) : start]
        scenes.append(
            Scene(
                form=form,
                before=before,
                after=lower[end : min(until, end + _WINDOW)],
                row=near,
                alone=form.full_day and _alone(text, form),
                heading=start < head,
                signed=form.full_day and start < 2 * HEAD and _signed(before, form),
            )
        )
    return scenes


def _alone(text: Text, form: Form) -> bool:
    """Tell whether a date fills its line; in a text of one line nothing does."""
    first, last = text.span(form.place)
    return bool(
        _LINE_START.search(text.original, max(0, first - 20), first)
        and _LINE_REST.match(text.original, last)
        and (first > 0 or last < len(text.original))
    )


def _signed(before: str, form: Form) -> bool:
    tail = _SIGNED.search(before)
    if tail is None or (form.time is None and not tail[0].strip(",:/_-")):
        return False  # 某证券2026年5月14日… begins a sentence
    return any(mention.place.end == tail.start() for mention in brokers_in(before))


def whole_words(pattern: re.Pattern[str], window: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern that cut no word of a window: 料 is none of 新材料."""
    masked = date_words().no_cues.sub(lambda match: "\0" * len(match[0]), window)
    for match in pattern.finditer(masked):
        if _whole(window, *match.span()):
            yield match


def last_clause(before: str) -> str:
    """Return what of the words before a date stands in its own clause."""
    return _CLAUSE.split(before)[-1]


def _whole(window: str, start: int, end: int) -> bool:
    cuts = _cuts(window)
    if start in cuts and end in cuts:
        return True
    if end - start == 1:
        return False
    # 公司公告 is one word to the dictionary, and two to the reader.
    first = max(cut for cut in cuts if cut <= start)
    last = min((cut for cut in cuts if cut >= end), default=end)
    return (first == start or is_word(window[first:start])) and (
        last == end or is_word(window[end:last])
    )


@lru_cache(maxsize=1024)
def _cuts(window: str) -> frozenset[int]:
    return cut_points(window)
