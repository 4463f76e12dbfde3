"""Paper returns of the report baskets worked out with pandas alone, without the product.

Usage: python tests/golden/paper_returns.py FOLDER, where FOLDER holds bars/seed_names.csv and
index/csi300.csv. Written from the definitions: bought at the open of the first session after
the report was known, equal weights, held without rebalancing, valued at the close of session h.
A name that opens at its upper limit, or is suspended, is bought at a later open, up to ten
sessions later and never after session h; until then its money stays cash.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

# (basket, report): first session after the report was known, and the A-shares that it names
EVENTS = {
    ("crossover-appliance", "R1"): (
        "2026-05-15",
        "002429 002841 001308 600060 002290 600839",
    ),
    ("inp-substrates", "R1"): ("2026-05-15", "002428 002975"),
    ("copper", "R1"): ("2026-05-15", "601899 603993"),
    ("compute-leasing", "R1"): ("2026-05-15", "300857 301396"),
    ("compute-leasing", "R2"): (
        "2026-04-22",
        "301396 000967 002929 300857 603629 600589 600673 300166 300442 603881 300738",
    ),
    ("compute-leasing", "R5"): ("2026-04-30", "300857 301396 603629"),
    ("cloud-services", "R2"): ("2026-04-22", "688158 688316 300017 300846 300454 300895"),
    ("compute-hardware", "R2"): ("2026-04-22", "688256 688041 001339"),
    ("domestic-compute", "R4"): (
        "2026-03-09",
        "600673 688256 688041 300442 001896 300857 688629 600589 603629 300017 000034 688343 "
        "002929 300911 002335 688981 688347 603019 002290 300738 688158 300846 600602 688215 "
        "000977 000880 300870",
    ),
}
ESTIMATED = {  # first and last day on which the report may have been published, after the close
    ("domestic-compute", "R4"): ("2026-03-07", "2026-03-09"),
}


def load(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return opens and closes by session and code, and the index by session."""
    bars = pd.read_csv(folder / "bars" / "seed_names.csv", dtype={"code": str})
    bars["date"] = pd.to_datetime(bars["date"])
    index = pd.read_csv(folder / "index" / "csi300.csv")
    index["date"] = pd.to_datetime(index["date"])
    bars.loc[bars["suspended"], "open"] = float("nan")
    opens = bars.pivot_table(index="date", columns="code", values="open")
    closes = bars.pivot_table(index="date", columns="code", values="close")
    return opens, closes, index.set_index("date")


def held(
    opens: pd.DataFrame, closes: pd.DataFrame, entry: str, codes: str, horizon: int
) -> tuple[float, str, int]:
    """Return the basket's return, its last session and the sessions held."""
    first = opens.index.searchsorted(pd.Timestamp(entry))
    last = min(first + horizon - 1, len(opens) - 1)
    grown = []
    for name in codes.split():
        latest = min(first + min(10, horizon - 1), last)
        days = [day for day in range(first, latest + 1) if buyable(opens, closes, name, day)]
        grown.append(closes[name].iloc[last] / opens[name].iloc[days[0]] if days else 1.0)
    value = sum(grown) / len(grown) - 1
    return float(value), str(opens.index[last].date()), int(last - first + 1)


def buyable(opens: pd.DataFrame, closes: pd.DataFrame, name: str, day: int) -> bool:
    """Tell whether a name can be bought at the open: it trades, below its upper limit."""
    limit = 0.20 if name.startswith(("30", "688")) else 0.10
    opened, before = opens[name].iloc[day], closes[name].iloc[day - 1]
    return bool(opened == opened and opened < before * (1 + limit) - 0.01)


def indexed(index: pd.DataFrame, entry: str, last: str) -> float:
    """Return the index's return from the open of `entry` to the close of `last`."""
    return float(index.loc[last, "close"] / index.loc[entry, "open"] - 1)


def band(
    opens: pd.DataFrame, closes: pd.DataFrame, days: tuple[str, str], codes: str, horizon: int
) -> tuple[float, float]:
    """Return the least and the greatest return over every entry that the range allows."""
    after = [opens.index[opens.index > day][0] for day in pd.date_range(days[0], days[1], freq="D")]
    found = [held(opens, closes, str(day.date()), codes, horizon)[0] for day in sorted(set(after))]
    return min(found), max(found)


def table(folder: Path, horizons: tuple[int, ...]) -> list[dict[str, object]]:
    """Return one row per event and horizon."""
    opens, closes, index = load(folder)
    rows: list[dict[str, object]] = []
    for (basket, report), (entry, codes) in EVENTS.items():
        for horizon in horizons:
            value, last, sessions = held(opens, closes, entry, codes, horizon)
            row: dict[str, object] = {
                "basket": basket,
                "report": report,
                "entry_session": entry,
                "exit_session": last,
                "horizon": horizon,
                "sessions_held": sessions,
                "paper_return": value,
                "benchmark_return": indexed(index, entry, last),
            }
            if (basket, report) in ESTIMATED:
                days = ESTIMATED[basket, report]
                row["band_low"], row["band_high"] = band(opens, closes, days, codes, horizon)
            rows.append(row)
    return rows


if __name__ == "__main__":
    print(pd.DataFrame(table(Path(sys.argv[1]), (1, 5, 20, 60))).to_string())
