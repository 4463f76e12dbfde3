"""Random windows over a workspace, run through the command line."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd

from tests.oracle.readme_tables import table

Program = Callable[[Sequence[str]], None]
"""Runs the program with some arguments; it must end well."""

LOCAL = timezone(timedelta(hours=8))
CAPITALS = (20_000, 50_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
_MINUTES = (0, 15, 7 * 60, 8 * 60 + 59, 9 * 60, 9 * 60 + 14, 9 * 60 + 15, 9 * 60 + 30)
_CARD = """name = "{name}"
title_zh = ""
title_en = ""
weighting = "{weighting}"

[[events]]
published = {published}
listings = [{listings}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """A list of names and when it was published: a date, or an aware instant."""

    name: str
    published: date | datetime
    listings: tuple[str, ...]
    weights: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Baskets that one run measures, over the same horizons and with the same money."""

    baskets: tuple[Basket, ...]
    horizons: tuple[int, ...]
    capitals: tuple[int, ...]


def groups(
    seed: int,
    pool: Sequence[str],
    first: date,
    last: date,
    *,
    n_windows: int,
    per_group: int = 25,
    n_horizons: int = 2,
    favoured: Sequence[tuple[str, date]] = (),
) -> list[Group]:
    """Draw groups of baskets until they hold `n_windows` windows.

    Parameters
    ----------
    pool
        Listings to draw from.
    first, last
        Days of publication.
    favoured
        Listings and days about which something happens; every third basket is drawn round one.
    """
    dice = random.Random(seed)
    made: list[Group] = []
    while sum(len(item.baskets) * len(item.horizons) for item in made) < n_windows:
        number = len(made)
        made.append(
            Group(
                baskets=tuple(
                    _basket(dice, f"w{number:03d}-{at:03d}", pool, first, last, favoured)
                    for at in range(per_group)
                ),
                horizons=tuple(sorted(dice.sample(range(1, 61), n_horizons))),
                capitals=(dice.choice(CAPITALS),),
            )
        )
    return made


def _basket(
    dice: random.Random,
    name: str,
    pool: Sequence[str],
    first: date,
    last: date,
    favoured: Sequence[tuple[str, date]],
) -> Basket:
    day = first + timedelta(days=dice.randrange((last - first).days + 1))
    wanted = dice.randint(1, 12)
    picked = dice.sample(list(pool), min(wanted, len(pool)))
    if favoured and dice.random() < 0.34:
        special, around = dice.choice(list(favoured))
        day = around - timedelta(days=dice.randint(0, 5))
        picked = [special, *(item for item in picked[1:] if item != special)]
    return Basket(name=name, published=_moment(dice, day), listings=tuple(picked))


def _moment(dice: random.Random, day: date) -> date | datetime:
    if dice.random() < 0.5:
        return day
    minute = dice.choice(_MINUTES) if dice.random() < 0.6 else dice.randrange(24 * 60)
    return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=LOCAL)


def write(workspace: Path, baskets: Sequence[Basket]) -> None:
    """Write baskets as files of the workspace."""
    for item in baskets:
        text = _CARD.format(
            name=item.name,
            weighting="equal",
            published=item.published.isoformat(),
            listings=", ".join(f'"{listing}"' for listing in item.listings),
        )
        (workspace / "baskets" / f"{item.name}.toml").write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What windows of a workspace may be drawn from."""

    pool: tuple[str, ...]
    first: date
    last: date
    favoured: tuple[tuple[str, date], ...]


def what_there_is(folder: Path) -> Frame:
    """Return the listings and days of an export, and where something happens.

    Favoured are suspensions, first and last days, ex-dates, and moves of at least nine percent
    from a close to the next open.
    """
    kinds, bars, status = (table(folder, item) for item in ("listings", "bars", "status"))
    pool = sorted(set(kinds.loc[kinds["kind"] != "index", "listing"]) & set(bars["listing"]))
    known = set(pool)
    bars = bars[bars["listing"].isin(pool)].sort_values(["listing", "session"])
    jump = bars["open"] / bars.groupby("listing")["close"].shift() - 1
    ends = bars.groupby("listing")["session"].agg(["min", "max"])
    events = [
        *_pairs(bars[jump.abs() > 0.09], "session"),
        *_pairs(status[status["suspended"].astype(bool)], "session"),
        *_pairs(table(folder, "actions"), "ex_session"),
        *_pairs(ends[ends["min"] > bars["session"].min()].reset_index(), "min"),
        *_pairs(ends[ends["max"] < bars["session"].max()].reset_index(), "max"),
    ]
    return Frame(
        pool=tuple(pool),
        first=bars["session"].min(),
        last=bars["session"].max() + timedelta(days=10),
        favoured=tuple(item for item in events if item[0] in known),
    )


def _pairs(rows: pd.DataFrame, day: str) -> list[tuple[str, date]]:
    return list(zip(rows["listing"], rows[day], strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the program says of a group: its rows and its ledger."""

    rows: pd.DataFrame
    ledger: pd.DataFrame


def run(program: Program, workspace: Path, group: Group, scratch: Path) -> Told:
    """Run the program on a group's baskets with money."""
    write(workspace, group.baskets)
    rows, ledger = scratch / "rows.csv", scratch / "ledger.csv"
    program(
        [
            "backtest",
            *(item.name for item in group.baskets),
            *("--workspace", str(workspace)),
            *("--hold", ",".join(str(item) for item in group.horizons)),
            *("--capital", ",".join(str(item) for item in group.capitals)),
            *("--csv", str(rows), "--ledger", str(ledger)),
        ]
    )
    for item in group.baskets:
        (workspace / "baskets" / f"{item.name}.toml").unlink()
    return Told(rows=_read(rows), ledger=_read(ledger))


def command_line(program: Path) -> Program:
    """Return the program as a command of its own."""

    def call(arguments: Sequence[str]) -> None:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}")

    return call


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)
