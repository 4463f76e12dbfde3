"""Texts with the securities that a careful reader finds in them, to measure the reader against.

How the texts are labelled:

- A security counts when the text names its company, by name, short name, English name or code:
  once for each listing, however often it is named.
- A product (腾讯云, 微信), a subsidiary with a name of its own (阿里云), an index, a fund, a word
  that happens to be a name (农产品价格), an unlisted or foreign company is no security.
- A broker is no security where it is the source, the author, a sponsor, a guest or part of the
  boilerplate, and nothing in the boilerplate is; it is one where the text speaks of its shares or
  its business.
- Of a company listed twice, the line that the code, the currency or the market spoken of says;
  without any of them the line of the report's own market. Both only where both are printed.
- `recommended`: put before the reader to buy or to watch, whatever else is said of it: rated
  买入, 增持, 推荐 or 强烈推荐, or listed after 关注, 推荐, 首推, 看好, 标的, 受益标的, 相关公司 or
  核心公司. A sector that is recommended recommends none of its companies.
- `risk`: advised against (回避, 减持, 沽售, 不推荐, 不建议追涨), or named as what may go wrong.
  `mover`: named for a price move alone.
- `compared`: named only to measure another by (可比公司, 对标); `example`: named only to show what
  is meant (例如, 以…为例). Texts labelled before these were told apart call both `mentioned`.
- `mentioned`: everything else, such as companies to compare with, customers, suppliers,
  competitors, shareholders, members of a chain that is only described, companies in the news,
  neutral ratings, what a text does not cover or has no view on, and recommendations of the past
  that are not renewed. Minutes of a meeting recommend nothing unless they say that they do.
- `theme` has the words of the text's own heading; several labels that are equally right are divided
  by `|`; empty where the text gives none, such as a note on one company.
- `broker` and `rating` are as the text prints them; such a text is `dated`: its reader is not told
  the day and must find `published` itself.
- `claims`: every figure that data can check, whose it is told beyond doubt; what is not said of the
  company as a whole, of a period or of a day is none. A text without the key is not labelled so.
- `doubts`: what must be proposed and not taken: a name misspelled, or a code that belongs to
  another company than the name printed with it. The listing is the one that the name means.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from screener.domain.report import Role

__all__ = ["FOLDER", "TRAPS", "Case", "LabelledDoubt", "LabelledSecurity", "load_cases"]

FOLDER = Path(__file__).parent / "labelled"

TRAPS: dict[str, str] = {
    "broker-boilerplate": "a listed broker in a disclaimer, a contact or a rating definition",
    "broker-recommended": "a broker's shares recommended",
    "broker-source": "a listed broker quoted as a source",
    "broken-lines": "lines broken inside words and names",
    "chain": "customers, suppliers, competitors or shareholders of the company recommended",
    "code-only": "a security that only its code identifies",
    "code-style": "codes in one of the many styles",
    "common-word": "names that are ordinary words",
    "comparables": "a table of companies to compare with",
    "contradiction": "a code that belongs to another company than the name",
    "cut-name": "names that the master has cut short",
    "disclaimer": "a disclaimer, a rating table or a contact page",
    "dual-listed": "a company with a mainland and a Hong Kong line",
    "english-name": "English names, or English words among the Chinese",
    "flat-table": "a table flattened into lines",
    "foreign": "foreign companies",
    "former-name": "companies that were renamed",
    "heading-theme": "a heading that carries the theme",
    "index-fund": "indices and funds, some with names of companies in them",
    "list-words": "等, 如, 包括, 分别为 and the like around lists",
    "longer-name": "names inside longer names",
    "many-themes": "several themes in one text",
    "movers": "the strongest and the weakest of a week",
    "near-miss": "a name misspelled",
    "negated": "warnings, and advice not to buy",
    "nested-themes": "numbered themes, each with its list, in one sentence",
    "page-furniture": "headers, footers and page numbers inside sentences",
    "product": "products and subsidiaries that bear a company's name",
    "recalled": "recommendations of the past",
    "sector-only": "sectors recommended without names",
    "short-name": "short names and nicknames",
    "st-prefix": "*ST and ST in front of names",
    "suffix": "-U, -W, -SW behind names",
    "traditional": "Traditional Chinese",
    "two-themes": "one name under two themes",
    "unlisted": "unlisted companies",
    "wide-letter": "wide letters and digits",
}
"""What makes a text hard, by tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSecurity:
    """A security that a text names.

    Parameters
    ----------
    listing
        Listing id.
    role
        Part it plays.
    themes
        Labels that are equally right; empty where the text gives none.
    printed
        As printed, where that is neither a name nor the code of the master.
    """

    listing: str
    role: Role
    themes: tuple[str, ...] = ()
    printed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledDoubt:
    """What a reader must propose and not take: as printed, and the listing meant."""

    printed: str
    listing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A labelled text.

    Parameters
    ----------
    id, kind, traps
        Its name, the kind of report that it is like, and what makes it hard.
    published
        Day of publication, given to the reader.
    text
        As a reader would get it.
    securities, doubts
        What a careful reader finds.
    held_out
        Kept for examination: nothing is tuned on it.
    dated, broker, rating
        Whether the reader must find the day itself; who signs it and how it rates, as printed.
    claims
        Value by listing (or subject), measure, and what it refers to; `None` if not labelled.
    """

    id: str
    kind: str
    traps: tuple[str, ...]
    published: date
    text: str
    securities: tuple[LabelledSecurity, ...]
    doubts: tuple[LabelledDoubt, ...]
    held_out: bool = False
    dated: bool = False
    broker: str = ""
    rating: str = ""
    claims: Mapping[tuple[str, str, str], float] | None = None

    @property
    def listings(self) -> frozenset[str]:
        """Every security that the text names."""
        return frozenset(security.listing for security in self.securities)

    @property
    def recommended(self) -> frozenset[str]:
        """The securities that it recommends."""
        return frozenset(s.listing for s in self.securities if s.role is Role.RECOMMENDED)


@cache
def load_cases(folder: Path = FOLDER) -> tuple[Case, ...]:
    """Return every labelled text, file by file.

    Raises
    ------
    KeyError
        A case lacks a key.
    TypeError, ValueError
        A value is of the wrong kind, a role unknown, or a file is not TOML.
    """
    return tuple(
        _case(row, held_out=path.name.startswith(("held_out_", "exam_")))
        for path in sorted(folder.glob("*.toml"))
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["cases"]
    )


def _case(row: dict[str, object], *, held_out: bool) -> Case:
    return Case(
        id=str(row["id"]),
        kind=str(row["kind"]),
        traps=tuple(str(trap) for trap in _rows(row["traps"])),
        published=_day(row["published"]),
        text=str(row["text"]),
        securities=tuple(_security(entry) for entry in _tables(row, "securities")),
        doubts=tuple(
            LabelledDoubt(printed=entry["printed"], listing=entry["listing"])
            for entry in _tables(row, "doubts")
        ),
        held_out=held_out,
        dated="broker" in row,
        broker=str(row.get("broker", "")),
        rating=str(row.get("rating", "")),
        claims=_claims(row),
    )


def _claims(row: dict[str, object]) -> Mapping[tuple[str, str, str], float] | None:
    if "claims" not in row:
        return None
    return {
        (entry["of"], entry["measure"], entry.get("as_of", "")): float(entry["value"])
        for entry in _tables(row, "claims")
    }


def _security(entry: dict[str, str]) -> LabelledSecurity:
    return LabelledSecurity(
        listing=entry["listing"],
        role=Role(entry["role"]),
        themes=tuple(filter(None, entry.get("theme", "").split("|"))),
        printed=entry.get("printed", ""),
    )


def _tables(row: dict[str, object], key: str) -> list[dict[str, str]]:
    return [entry for entry in _rows(row.get(key, [])) if isinstance(entry, dict)]


def _rows(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list: write [...]")
    return value


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError(f"{value!r} is no date: write 2026-04-20")
    return value
