"""Who may buy a listing from the other side of the border, and since when that is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

__all__ = ["Eligibility", "Programme"]


class Programme(StrEnum):
    """Lists of securities that investors of the other market may buy."""

    SOUTHBOUND = "southbound"
    NORTHBOUND = "northbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Days on which a listing is in the list of its programme.

    From the first day of any row on the table is the whole list: what is not in it that day is not
    eligible. What was in it before that day is not known.

    Parameters
    ----------
    recorded
        First day of the programme's whole list; `None` where no list was ever recorded.
    spells
        First and last day of each stay of the listing, ascending; the last is `None` while it is.
    """

    recorded: date | None = None
    spells: tuple[tuple[date, date | None], ...] = ()

    def on(self, day: date) -> bool | None:
        """Tell whether it is in the list on a day; `None` where that is not known."""
        if self.recorded is None or day < self.recorded:
            return None
        return any(first <= day and (last is None or day <= last) for first, last in self.spells)

    def since(self, day: date) -> date | None:
        """Return the first day of the next stay that begins after a day; `None` without one."""
        return next((first for first, _ in self.spells if first > day), None)

    def until(self, day: date) -> date | None:
        """Return the last day of the stay that ended last before a day; `None` without one."""
        return next((last for _, last in reversed(self.spells) if last and last < day), None)
