"""A small and complete lake, one random bit of it flipped, and what every command then says."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import SIMULATED, TABLES, TableName, Type
from screener.data.lake.store import Store
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.domain.listing import parse_listing
from screener.workflows.data.compact import compact_data
from screener.workflows.report.catalog import init_workspace

__all__ = [
    "COMMANDS",
    "Answer",
    "answers",
    "flipped",
    "make_world",
    "read_by",
    "refused",
    "silent",
    "targets",
]

RUNNER = CliRunner()
FETCHED = datetime(2026, 9, 30, tzinfo=UTC)
END = date(2026, 9, 30)
NAMES = ("601899.SH", "603993.SH", "01208.HK", "01258.HK")
KEYS = {"need": "bars", "subject": "601899.SH", "exchange": "SH", "known_by": "period end"}

Answer = Mapping[str, Any]
"""Exit code, standard output, standard error and the files that a command wrote, by name."""

COMMANDS: dict[str, tuple[str, ...]] = {  # the comparison first, while few runs are stored
    "diff": ("data", "diff", "OLD", "NEW", "--csv", "OUT/d.csv", "--runs-csv", "OUT/r.csv"),
    "backtest": ("backtest", "copper", "--hold", "5,20", "--csv", "OUT/b.csv"),
    "study": ("study", "copper", "--estimation=-80..-30", "--csv", "OUT/s.csv"),
    "score": ("score", "--calls", "OUT/c.csv"),
    "screen": ("screen", "--universe", "all", "--as-of", "2026-09-25", "--pe-ttm", "..60",
               "--csv", "OUT/x.csv"),
    "explain": ("explain", "RUN", "1", "--json", "OUT/e.json"),
    "status": ("data", "status", "--csv", "OUT/t.csv"),
    "verify": ("data", "verify", "--csv", "OUT/v.csv"),
    "export": ("data", "export", "OUT/all", "--format", "csv"),
    "restore": ("data", "restore", "OLD", "--dry-run"),
    "reports": ("report", "list"),
    "baskets": ("basket", "list"),
    "compact": ("data", "compact", "--keep-days", "0"),
    "backtest again": ("backtest", "copper", "--hold", "5,20", "--csv", "OUT/b.csv"),
}  # fmt: skip
_DAMAGE = re.compile(
    r"damaged|not what was written|is missing|is gone|cannot be used|has no hash|not those that "
    r"were committed|not those of any commit|file is changed|unreadable|cannot be read",
)


def make_world(folder: Path) -> dict[str, str]:
    """Make the workspace; return what stands for `RUN`, `OLD` and `NEW`."""
    place = init_workspace(folder)
    with Store.create(place.data_cache) as store:
        store.commit(_market(), message="market")
        old = store.version
        store.commit(_others(), message="others")
        for shift in (1, 2):
            store.commit(_corrected(store, shift), message="corrected")
    compact_data(place, now=datetime.now(UTC), keep_days=90)
    with Store.open(place.data_cache) as store:
        store.commit(_corrected(store, 3), message="corrected again")
        new = store.version
        assert all(item.rows for item in store.coverage()), "a table is empty"
    typed("backtest", "copper", "--hold", "5", "--workspace", str(folder))
    typed("backtest", "copper", "--paper", "--hold", "20", "--workspace", str(folder))
    run = sorted(path.stem for path in (place.data_cache / "runs").glob("*.json"))[0]
    assert sorted((place.data_cache / "derived").glob("sessions-*.json"))
    return {"RUN": run, "OLD": str(old), "NEW": str(new)}


def _market() -> Batch:
    source = SimulatedMarket()
    query = source.build_query(
        SimulationRequest(
            seed=7,
            start=date(2025, 12, 1),
            end=END,
            fetched_at=FETCHED,
            securities=tuple((parse_listing(name), name, "copper") for name in NAMES),
            n_other=24,
        )
    )
    return source.normalise(query, source.fetch(query))


def _others() -> Batch:
    """Return rows of the tables that the simulated market leaves empty."""
    filled = set(_market().tables)
    tables = {}
    for name in TableName:
        if name not in filled:
            columns = {
                column.name: [_value(column.name, column.type)]
                for column in TABLES[name].columns
                if column.name not in ("source", "fetched_at")
            }
            tables[name] = make_rows(name, columns, source=SIMULATED, fetched_at=FETCHED)
    return Batch(tables=tables)


def _value(name: str, kind: Type) -> object:
    if name == "listing":
        return NAMES[0]
    if name in ("rating", "broker"):
        return {"rating": "买入", "broker": "虚构证券"}[name]
    known = {
        Type.TEXT: KEYS.get(name, "CNY" if name == "currency" else "甲"),
        Type.DATE: date(2026, 3, 31),
        Type.NUMBER: 1.5,
        Type.COUNT: 3,
        Type.FLAG: True,
        Type.INSTANT: FETCHED,
    }
    return known[kind]


def _corrected(store: Store, shift: int) -> Batch:
    """Return bars of one listing with another volume, so that files of deletes are written."""
    day = END - timedelta(days=20 + shift)
    rows = store.read(TableName.BARS, listings=[NAMES[shift % 4]], start=day).to_pydict()
    rows["volume"] = [1000.0 * shift for _ in rows["volume"]]
    plain = {key: values for key, values in rows.items() if key not in ("source", "fetched_at")}
    return Batch(
        tables={
            TableName.BARS: make_rows(TableName.BARS, plain, source=SIMULATED, fetched_at=FETCHED)
        }
    )


def targets(folder: Path) -> list[Path]:
    """Return the files of which a bit may be flipped, relative to the workspace."""
    cache = folder / "data_cache"
    found = [
        *(cache / "data").rglob("*.parquet"),
        cache / "catalog.sqlite",
        cache / "SHA256SUMS",
        *(cache / "runs").glob("*.json"),
        *(cache / "derived").glob("*.json"),
    ]
    return sorted(path.relative_to(folder) for path in found)


def flipped(folder: Path, name: Path, random: Random) -> str:
    """Flip one random bit of a file; return which."""
    path = folder / name
    content = bytearray(path.read_bytes())
    at, bit = random.randrange(len(content)), random.randrange(8)
    content[at] ^= 1 << bit
    path.chmod(0o644)
    path.write_bytes(content)
    return f"{name} byte {at} bit {bit}"


def typed(*words: str) -> Any:
    return RUNNER.invoke(app, list(words), env={"COLUMNS": "160"})


def answers(
    folder: Path, names: Mapping[str, str], among: Collection[str] = tuple(COMMANDS)
) -> dict[str, Answer]:
    """Type commands in a workspace, all by default; the last two change it."""
    return {name: _answered(folder, names, name) for name in COMMANDS if name in among}


def read_by(folder: Path, names: Mapping[str, str]) -> tuple[dict[str, Answer], dict[str, Any]]:
    """Type every command; return the answers, and for each data file the commands that open it.

    A command that never opens a file answers the same whatever its bytes are. The system tells by
    the time of the last reading, not the program; where it keeps none, each may open all.
    """
    files = [folder / name for name in targets(folder)]
    found: dict[str, Answer] = {}
    opened: dict[str, list[str]] = {str(path.relative_to(folder)): [] for path in files}
    for name in COMMANDS:
        there = [path for path in files if path.exists()]
        for path in there:
            os.utime(path, ns=(0, path.stat().st_mtime_ns))
        found[name] = _answered(folder, names, name)
        for path in there:
            if not path.exists() or path.stat().st_atime_ns:
                opened[str(path.relative_to(folder))].append(name)
    kept = any(opened.values())
    data = {name: [*by, "backtest again"] for name, by in opened.items() if _holds_rows(name)}
    return found, {name: by if kept else list(COMMANDS) for name, by in data.items()}


def _holds_rows(name: str) -> bool:
    return name.endswith(".parquet")


def _answered(folder: Path, names: Mapping[str, str], name: str) -> Answer:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    line = [names.get(word, word).replace("OUT", str(out)) for word in COMMANDS[name]]
    done = typed(*line, "--workspace", str(folder))
    bug = done.exception is not None and not isinstance(done.exception, SystemExit)
    return {
        "code": done.exit_code,
        "out": done.stdout.replace(str(folder), "W"),
        "err": done.stderr.replace(str(folder), "W"),
        "bug": f"{type(done.exception).__name__}: {done.exception}" if bug else "",
        "files": {
            str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(out.rglob("*"))
            if path.is_file()
        },
    }


def refused(after: Mapping[str, Answer]) -> int:
    """Return how many commands named damage."""
    return sum(_refused(name, answer) for name, answer in after.items())


def silent(before: Mapping[str, Answer], after: Mapping[str, Answer]) -> list[str]:
    """Tell which commands gave another answer without naming the damage, or broke down."""
    found = []
    for name, new in after.items():
        old = before[name]
        if name == "backtest again" and ("compact" not in after or after["compact"]["code"]):
            old = before["backtest"]  # nothing was compacted: of that version, whose number it has
        if new["bug"]:
            found.append(f"{name}: {new['bug']}")
        elif not _same(name, old, new) and not _refused(name, new):
            found.append(f"{name}: {json.dumps(new, ensure_ascii=False)[:1500]}")
    return found


def _same(name: str, old: Answer, new: Answer) -> bool:
    keys = ("code", "out", "files") if name not in _MOVING else ("code", "files")
    return all(old[key] == new[key] for key in keys)


_MOVING = ("compact", "status")
"""Commands that tell sizes or ages on their page, which differ from one copy to the next."""
_LISTING = {"verify": 0, "diff": 0, "compact": 0, "restore": 0}
"""Commands that go on and list damage of what does not enter their numbers, and end well."""


def _refused(name: str, new: Answer) -> bool:
    said = f"{new['out']}\n{new['err']}"
    told = _DAMAGE.search(" ".join(said.split())) is not None
    if new["code"] == 7:
        return told and not set(new["files"]) - ({"v.csv"} if name == "verify" else set())
    return told and new["code"] == _LISTING.get(name, -1)
