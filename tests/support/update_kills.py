"""Kill updates at random instants and look at what is left: `python -m tests.support.update_kills`.

Arguments: folder, rounds, seed. Each round forks a child that updates from the canned market and
is killed; then the lake is read as any command would read it. Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.data.sources.online.registry import open_sources
from screener.data.sources.online.transport.protocol import Need
from screener.data.update.plan import UpdateRequest
from screener.data.update.run import update
from screener.domain.listing import parse_listing
from screener.errors import DataError
from screener.workflows.data.targets import with_benchmarks
from screener.workspace.locate import Workspace
from tests.support.canned import eastmoney_lists
from tests.support.canned.everything import FakeTime, outside, served
from tests.support.canned.market import CannedMarket

LISTINGS = ("300857.SZ", "000630.SZ", "601899.SH", "688256.SH", "00700.HK")
BEFORE = datetime(2026, 5, 26, 12, tzinfo=UTC)  # 20:00 in Shanghai
EVENING = datetime(2026, 5, 27, 12, tzinfo=UTC)
REQUEST = UpdateRequest(
    listings=with_benchmarks(parse_listing(name) for name in LISTINGS),
    start=date(2025, 9, 1),
    needs=frozenset({Need.BARS, Need.INDEX_BARS, Need.VALUATION}),
    # Tencent's replies take most of the time; the others are as good here.
    sources=frozenset({"sina", "cninfo", "eastmoney"}),
)


def updated(place: Workspace, market: CannedMarket, at: datetime = EVENING) -> None:
    """Bring a workspace up to date; names that lack the day alone are asked for by one list."""
    time_ = FakeTime(at=at)
    with (
        eastmoney_lists.small(),
        outside(served(market), market),
        open_sources(place.data_cache, time_.clock, Random(1)) as sources,
    ):
        update(
            place.data_cache,
            REQUEST,
            chains=sources.chains,
            wire=sources,
            clock=time_.clock,
            progress=lambda done, total, label: None,
        )


def in_child(job: Callable[[], object], after: float | None) -> int:
    """Run a job in a forked child, killed after some seconds; return how it ended."""
    child = os.fork()
    if not child:
        code = 1
        try:
            job()
            code = 0
        finally:
            os._exit(code)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return status


def faults(place: Workspace) -> list[str]:
    """Return what is wrong with a lake: keys twice, bars without their record or their factors."""
    try:
        store = Store.open(place.data_cache)
    except DataError:
        return []  # nothing had landed yet
    found = []
    with store:
        rows = {name: store.read(name) for name in TABLES}
    for name, table in rows.items():
        if table.group_by(list(TABLES[name].key)).aggregate([]).num_rows != table.num_rows:
            found.append(f"{name}: a key comes twice")
    records = {(row["need"], row["subject"]): row for row in rows[TableName.FETCHES].to_pylist()}
    for name in LISTINGS:
        bars = [row for row in rows[TableName.BARS].to_pylist() if row["listing"] == name]
        if bool(bars) != (("bars", name) in records) or bool(bars) != (
            ("actions", name) in records
        ):
            found.append(f"{name}: bars and their record did not land together")
        actions = [row for row in rows[TableName.ACTIONS].to_pylist() if row["listing"] == name]
        factors = [row for row in rows[TableName.FACTORS].to_pylist() if row["listing"] == name]
        if len(actions) != len(factors):
            found.append(f"{name}: {len(actions)} actions, {len(factors)} factors")
    return found


def digest(place: Workspace) -> dict[str, Any]:
    """Return every table as text, to compare two lakes."""
    with Store.open(place.data_cache) as store:
        return {str(name): store.read(name).to_pydict() for name in TABLES}


def main(folder: Path, rounds: int, seed: int) -> dict[str, Any]:
    """Kill `rounds` first updates, and half as many of the evening after one; report."""
    market, random = CannedMarket.make(), Random(seed)
    yesterday = folder / "yesterday"
    if in_child(lambda: updated(Workspace(root=yesterday), market, BEFORE), None):
        return {"faults": ["the update of the day before failed"]}
    found = [
        _trials(folder / "first", None, market, rounds, random),
        _trials(folder / "evening", yesterday, market, max(1, rounds // 2), random),
    ]
    return {
        "rounds": sum(item["rounds"] for item in found),
        "completed": sum(item["completed"] for item in found),
        "seconds": [item["seconds"] for item in found],
        "faults": [text for item in found for text in item["faults"]],
    }


def _trials(
    folder: Path, start: Path | None, market: CannedMarket, rounds: int, random: Random
) -> dict[str, Any]:
    """Kill updates that begin with nothing, or with what a folder holds."""

    def begun(name: str) -> Workspace:
        if start is not None:
            shutil.copytree(start, folder / name)
        return Workspace(root=folder / name)

    folder.mkdir()
    whole = begun("whole")
    began = time.perf_counter()
    if in_child(lambda: updated(whole, market), None):
        return {"rounds": 0, "completed": 0, "seconds": 0, "faults": ["the update itself failed"]}
    took = time.perf_counter() - began
    wrong: list[str] = []
    finished = lakes = 0
    place = begun("lake0")
    for number in range(rounds):
        status = in_child(lambda: updated(place, market), random.uniform(0.05, took))  # noqa: B023
        in_child_faults = folder / "faults.json"
        if in_child(lambda: in_child_faults.write_text(json.dumps(faults(place))), None):  # noqa: B023
            wrong.append(f"{folder.name}, round {number}: cannot be read")
        else:
            told = json.loads(in_child_faults.read_text())
            wrong.extend(f"{folder.name}, round {number}: {text}" for text in told)
        ended = os.WIFEXITED(status) or random.random() < 0.2
        if ended or number == rounds - 1:
            # Complete it, compare it with the uninterrupted one, and begin another.
            if in_child(lambda: updated(place, market), None):  # noqa: B023
                wrong.append(f"{folder.name}, round {number}: cannot be completed")
            elif in_child(lambda: os._exit(digest(place) != digest(whole)), None):  # noqa: B023
                wrong.append(f"{folder.name}, round {number}: completed, and differs")
            finished += 1
            lakes += 1
            place = begun(f"lake{lakes}")
    return {"rounds": rounds, "completed": finished, "seconds": took, "faults": wrong}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
