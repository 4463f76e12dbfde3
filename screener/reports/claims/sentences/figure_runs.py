"""Figures in a row, read from the tokens of a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from screener.reports.claims.numbers import FigureKind, Figures, read_figures
from screener.reports.claims.vocabulary import Kind, Token

__all__ = ["SEPARATORS", "figure_run", "passing"]

SEPARATORS = frozenset({"/", "\\", "、", "和", "及", "与", "以及", "~", "-", "|"})
"""What may stand between the parts of an enumeration."""

_JOINING = frozenset({"、", "和", "及", "与", "以及"})
_SYMBOLS = "*#_|>·+-~/\"'….\\"  # of typography and of Markdown: they say nothing


def passing(gap: str) -> bool:
    """Tell whether characters between two tokens say nothing."""
    return gap in _JOINING or not gap.strip(_SYMBOLS)


def figure_run(
    clean: str, found: Sequence[Token], at: int, *, label: str = "", commas: bool = False
) -> tuple[Figures | None, int]:
    """Read the figures that begin at a token.

    Parameters
    ----------
    clean
        The text.
    found
        Tokens of the sentence.
    at
        Number of the first figure.
    label
        Unit that stands apart from them.
    commas
        Whether commas may part them.

    Returns
    -------
    tuple
        The figures, `None` if they make no sense, and the number of the last token read.
    """
    texts, marks, last = [found[at].text], [], at
    while last + 1 < len(found):
        mark, step = _separator(clean, found, last, commas=commas)
        if mark is None or found[last + step].kind is not Kind.FIGURE:
            break
        last += step
        marks.append(mark)
        texts.append(found[last].text)
    following = found[last + 1] if last + 1 < len(found) else None
    bare = found[last].text[-1].isdigit()
    if following and bare and (following.kind, following.start) == (Kind.FIGURE, found[last].end):
        return None, last  # two numbers side by side: which of them is meant is not told
    return read_figures(texts, marks, label=label), last


def _separator(
    clean: str, found: Sequence[Token], last: int, *, commas: bool
) -> tuple[str | None, int]:
    """Return what stands between a figure and the next, and how many tokens further that is."""
    this, following = found[last], found[last + 1]
    gap = clean[this.end : following.start]
    if gap in SEPARATORS or (not gap and following.text.startswith("-")):
        return gap, 1
    parts = following.kind is Kind.COMMA and commas
    leads = following.kind is Kind.TO and following.text in ("至", "到")
    if gap or not (parts or leads) or last + 2 >= len(found):
        return None, 1
    third = found[last + 2]
    if third.kind is not Kind.FIGURE or third.start != following.end:
        return None, 1
    return (None, 1) if leads and _unlike(this, third) else (following.text, 2)


def _unlike(one: Token, other: Token) -> bool:
    """Tell whether 至 leads on to another thing, as in 增长193%至60.9亿元, and makes no range."""
    first, second = read_figures([one.text], ()), read_figures([other.text], ())
    if first is None or second is None:
        return True
    return first.kind is not second.kind and first.kind is not FigureKind.PLAIN
