"""Names that a text only compares with, or gives as an example.

Both are named beside what the text is about: 可比公司 and 对标 measure it, 例如 and 以…为例 show
what is meant. Whoever is advised, moves or is warned of keeps that part.
"""

from __future__ import annotations

import re
from functools import cache

from screener.domain.report import Role
from screener.reports.text.text import Place
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["aside_of"]

_BEFORE = 24  # characters before an enumeration that tell
_AFTER = 16
_TABLE = 400  # from the head of a table of companies to compare with to its rows


def aside_of(clean: str, place: Place) -> Role | None:
    """Return the part of names that stand in an aside; `None` where they do not.

    Parameters
    ----------
    clean
        `Text.clean`.
    place
        From the first to the last of the names.
    """
    words = _words()
    before = re.split(r"[。;!?]", clean[max(0, place.start - _BEFORE) : place.start])[-1]
    after = clean[place.end : place.end + _AFTER]
    if words["compared"].search(before) or words["compared_after"].match(after):
        return Role.COMPARED
    if words["beside"].search(before) and words["beside_after"].match(after):
        return Role.COMPARED
    line = re.split(r"[。!?]", clean[max(0, place.start - _TABLE) : place.start])[-1]
    if words["table"].search(line):
        return Role.COMPARED
    if words["example"].search(before):
        return Role.EXAMPLE
    taken = words["taken"].search(before) and words["taken_after"].match(after)
    return Role.EXAMPLE if taken else None


@cache
def _words() -> dict[str, re.Pattern[str]]:
    table = read_table("cues")["asides"]
    joints = alternatives(table["joints"])

    def either(name: str) -> str:
        return alternatives(table[name])

    return {
        "compared": re.compile(rf"(?<!可)(?:{either('compared')})(?:{joints}){{0,3}}$"),
        "compared_after": re.compile(rf"[)\]】]?(?:等)?(?:{either('compared_after')})"),
        "beside": re.compile(rf"(?:{either('beside')})$"),
        "beside_after": re.compile(rf"[)\]】]?(?:等)?(?:{either('beside_after')})"),
        "table": re.compile(either("tables")),
        "example": re.compile(
            rf"(?<!{')(?<!'.join(table['no_examples'])})(?:{either('example')})$"
        ),
        "taken": re.compile(rf"(?:{either('taken')})$"),
        "taken_after": re.compile(rf"[)\]】]?(?:等)?(?:{either('taken_after')})"),
    }
