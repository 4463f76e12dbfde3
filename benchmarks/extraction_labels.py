"""Labels of every text that the extraction bench reads, in one form, whoever wrote them.

Own texts are labelled in `labelled/*.toml`. Real texts, with `gold.json` beside each, are read
where they stand beside the project; every third of them is kept for examination.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.labelled_texts import Case, load_cases
from screener.domain.report import Role
from screener.reports.text.text import simplified

__all__ = ["Group", "Labels", "Wanted", "labels_of_cases", "labels_of_real", "labels_of_shared"]

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "reports"
SHARED_CARDS = {
    "R1": "000_1c6f3903afa05a7c.txt",
    "R2": "001_f0cc755b51a6e41d.txt",
    "R3": "002_a06e9aac59c0bcec.txt",
    "R4": "003_1ebeb8df9f00ae65.txt",
    "R5": "004_43f4848faf021758.txt",
}
_HELD = 3  # every so many-th real text is kept for examination

Group = str
ClaimKey = tuple[str, str, str]
"""Whose, of what, and of when; the value stands apart."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A security that a text names.

    Parameters
    ----------
    listings
        The listing meant, first, then those that are as good.
    role
        Part that it plays.
    roles
        Parts that are as good, `role` among them.
    optional
        Whether finding it is neither right nor wrong.
    targets
        Target prices that the text gives it.
    rating
        Rating that the text gives it; empty for none or not labelled.
    """

    listings: tuple[str, ...]
    role: str
    roles: frozenset[str]
    optional: bool = False
    targets: frozenset[float] = frozenset()
    rating: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a careful reader finds in a text; what nobody labelled is `None`.

    Parameters
    ----------
    id, group, text
        Its name, the group whose total it counts in, and the text.
    given
        Day of publication told to the reader; without one it looks itself.
    wanted, whole
        Securities; whether all that are named are labelled, or only those recommended.
    why_not
        Listings that are no securities of the text, with the reason.
    dates, brokers, ratings
        What is right for each; an empty set where the text tells none.
    targeted
        Whether target prices are labelled.
    claims
        Value by whose, of what and of when.
    every_claim
        Whether these are all claims, or only some of them: others are then neither right nor wrong.
    """

    id: str
    group: Group
    text: str
    given: date | None = None
    wanted: tuple[Wanted, ...] = ()
    whole: bool = True
    why_not: Mapping[str, str]
    dates: frozenset[str] | None = None
    brokers: frozenset[str] | None = None
    ratings: frozenset[str] | None = None
    targeted: bool = False
    claims: Mapping[ClaimKey, float] | None = None
    every_claim: bool = True


# ---- own texts -----------------------------------------------------------------------------------


def labels_of_cases() -> Iterator[Labels]:
    """Yield the labels of the own texts."""
    for case in load_cases():
        yield _of_case(case, "held out" if case.held_out else "labelled")


def _of_case(case: Case, group: Group) -> Labels:
    targets: dict[str, set[float]] = {}
    for (subject, measure, _), value in (case.claims or {}).items():
        if measure.startswith("target price"):
            targets.setdefault(subject, set()).add(value)
    return Labels(
        id=case.id,
        group=group,
        text=case.text,
        given=None if case.dated else case.published,
        wanted=tuple(
            Wanted(
                (one.listing,),
                str(one.role),
                frozenset({str(one.role)}),
                targets=frozenset(targets.get(one.listing, ())),
            )
            for one in case.securities
        ),
        why_not={},
        dates=frozenset({case.published.isoformat()}) if case.dated else None,
        brokers=frozenset({broker_core(case.broker)} - {""}) if case.dated else None,
        ratings=frozenset({rating_core(case.rating)} - {""}) if case.dated else None,
        targeted=case.claims is not None,
        claims=case.claims,
    )


# ---- the shared reports and their cards ----------------------------------------------------------


def labels_of_shared() -> Iterator[Labels]:
    """Yield the labels of the shared reports: what their cards say; nothing where they are not."""
    for card, name in SHARED_CARDS.items() if SHARED.is_dir() else ():
        facts = tomllib.loads((ROOT / "seeds" / f"{card}.toml").read_text(encoding="utf-8"))
        published = facts["published"]["value"]
        day = published.date() if hasattr(published, "date") else published
        yield Labels(
            id=card,
            group="shared reports",
            text=(SHARED / name).read_text(encoding="utf-8"),
            given=day,
            wanted=tuple(
                Wanted((row["listing"],), row["role"], frozenset({row["role"]}))
                for row in facts["securities"]
            ),
            whole=False,
            why_not={},
            every_claim=False,
            claims={
                (row.get("listing") or row["subject"], row["measure"], row.get("as_of", "")): float(
                    row["value"]
                )
                for row in facts.get("claims", ())
            },
        )


# ---- real texts ----------------------------------------------------------------------------------


def labels_of_real() -> Iterator[Labels]:
    """Yield the labels of the real texts; nothing where they are not."""
    folder = SHARED / "labelled"
    names = sorted(path.parent.name for path in folder.glob("*/gold.json"))
    for name in sorted(names, key=int):
        gold = json.loads((folder / name / "gold.json").read_text(encoding="utf-8"))
        text = (folder / name / "text.txt").read_text(encoding="utf-8")
        held = int(name) % _HELD == 0
        yield _of_gold(name, "real, held out" if held else "real", text, gold)


def _of_gold(name: str, group: Group, text: str, gold: Mapping[str, Any]) -> Labels:
    wanted = [_wanted(row) for row in gold["securities"]]
    if gold.get("target") and not any(one.targets for one in wanted) and wanted:
        first = next((one for one in wanted if one.role == Role.RECOMMENDED), wanted[0])
        whole = _with_targets(first, str(gold["target"]))
        wanted = [whole if one is first else one for one in wanted]
    return Labels(
        id=name,
        group=group,
        text=text,
        wanted=tuple(wanted),
        why_not={
            normal(row["symbol"]): row["reason"]
            for row in gold.get("not_securities", ())
            if row.get("symbol")
        },
        dates=_said(gold, "published", lambda value: value[:10]),
        brokers=_said(gold, "broker", broker_core) if gold.get("broker_explicit", True) else None,
        ratings=_said(gold, "rating", rating_core),
        targeted=True,
    )


def _wanted(row: Mapping[str, Any]) -> Wanted:
    role = row["role"]
    made = Wanted(
        (normal(row["symbol"]), *map(normal, row.get("accept", ()))),
        role,
        frozenset({role, *row.get("role_accept", ())}),
        optional=bool(row.get("optional") or row.get("uncertain")),
        rating=rating_core(row.get("rating") or ""),
    )
    return _with_targets(made, str(row.get("target") or ""))


def _with_targets(one: Wanted, printed: str) -> Wanted:
    numbers = frozenset(float(number) for number in re.findall(r"\d+(?:\.\d+)?", printed))
    return Wanted(one.listings, one.role, one.roles, one.optional, numbers, one.rating)


def _said(gold: Mapping[str, Any], name: str, shape: Any = lambda value: value) -> frozenset[str]:
    """Return what is right; an empty string among it where telling nothing is right, too."""
    accepted = gold.get(f"{name}_accept") or ()
    values = [value for value in (gold.get(name), *accepted) if value]
    nothing = {""} if values and None in accepted else set()
    return frozenset(nothing | {shape(str(value)) for value in values})


def rating_core(printed: str) -> str:
    """Return a rating without what is said of it, in one script: `增持-A(維持)` is `增持`."""
    plain = simplified(unicodedata.normalize("NFKC", printed)).strip('"“”「」 ')
    core = re.split(r"[(/,·]", plain)[0].strip().lower()
    core = re.sub(r"^(?:maintain|reiterate|keep|initiate)\s+|\s+the\s+market$", "", core)
    return re.sub(r"-[ab]$", "", core)


def broker_core(printed: str) -> str:
    """Return a broker's name in one script, without what a house adds to it: 中国, 证券, 研究."""
    plain = simplified(unicodedata.normalize("NFKC", printed)).strip().casefold()
    core = re.sub(r"(?:股份)?有限公司$|(?:环球)?研究[所部院]?$", "", plain).removesuffix("证券")
    return core.removeprefix("中国") or plain


def normal(symbol: str) -> str:
    """Return a symbol as a listing id: `700.HK`, `SZ300308` and `300308 CH` are read too."""
    text = unicodedata.normalize("NFKC", symbol).upper().strip()
    if match := re.fullmatch(r"(SH|SZ|BJ|HK)[.\s:]*(\d{1,6})", text):
        text = f"{match[2]}.{match[1]}"
    match = re.fullmatch(r"(\d{1,6})[.\s:]*(SH|SS|SZ|BJ|HK|CH)", text)
    if match is None:
        return text
    digits, place = match.groups()
    if place == "HK":
        return f"{digits.lstrip('0').zfill(5)}.HK"
    if place == "CH":
        place = (
            "SH" if digits[0] == "6" else "BJ" if digits[:2] in ("43", "83", "87", "92") else "SZ"
        )
    return f"{digits.zfill(6)}.{'SH' if place == 'SS' else place}"
