"""Codes that listings bore before their present ones: a former code leads to its listing."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

__all__ = ["Renumbering", "renumbering"]

_PREFIXES = ("300114", "43", "83", "87", "88")
_BEIJING = "920"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renumbering:
    """One listing's change of its code.

    Parameters
    ----------
    exchange
        Exchange that both codes are of, such as `BJ`.
    former, present
        Local code before and from `since` on.
    since
        First session under the present code.
    source
        Where that was announced.
    verified
        Whether the pair was compared with the exchange's own list.
    """

    exchange: str
    former: str
    present: str
    since: date
    source: str
    verified: bool


def renumbering(code: str) -> Renumbering | None:
    """Return how a local code was replaced, or `None` for one that is still in use or unknown."""
    # The table is read for codes of which it could speak, and for no other.
    return _table().get(code) if code.startswith(_PREFIXES) else None


@cache
def _table() -> dict[str, Renumbering]:
    text = resources.files("screener.domain").joinpath("former_codes.toml")
    found = {}
    for row in tomllib.loads(text.read_text(encoding="utf-8"))["renumbered"]:
        kept = {code: _BEIJING + code[3:] for code in row.get("kept", ())}
        for former, present in (kept | row.get("moved", {})).items():
            found[former] = Renumbering(
                exchange=row["exchange"],
                former=former,
                present=present,
                since=row["from"],
                source=row["source"],
                verified=row["verified"],
            )
    return found
