"""What one waits for every day: `python -m benchmarks.everyday [WORKSPACE] [TEXT]`.

Each command from its start to its end, in turn with a bare DuckDB script that loads the same two
extensions as they are meant to be loaded, opens the same lake and asks it one thing. Without a
workspace it is a demonstration's; without a text, one of those that come with the reader's tests.
A workspace that is named is only read: reports are added with `--dry-run`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.labelled_texts import load_cases
from benchmarks.measuring import Line, command, in_turn, report
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store

BARE = """
import importlib.util, sys
from pathlib import Path
import duckdb

root = sys.argv[1]
link = duckdb.connect(":memory:")
for name in ("duckdb_extension_sqlite_scanner", "duckdb_extension_ducklake"):
    folder = Path(importlib.util.find_spec(name).submodule_search_locations[0])
    link.execute(f"LOAD '{next(folder.rglob(f'v{duckdb.__version__}/*.duckdb_extension'))}'")
link.execute(
    f"ATTACH 'ducklake:sqlite:{root}/catalog.sqlite' AS lake "
    f"(DATA_PATH '{root}/data/', OVERRIDE_DATA_PATH true, READ_ONLY)"
)
print(link.execute("SELECT max(session) FROM lake.bars WHERE listing = '600519.SH'").fetchall())
"""
"""The least that a command on the lake can be."""

TARGETS = {"rules": 2.5, "data status": 2.5, "screen": 2.5, "report add": 3.5}


def measured(workspace: Path, *read: str) -> list[Line]:
    """Return each command's time beside that of the bare script; `read` is what `add` is given."""
    with Store.open(workspace / "data_cache") as store:
        day = store.last_session(TableName.BARS)
        kinds = store.read(TableName.LISTINGS, columns=["listing", "kind"]).to_pylist()
    listing = next(row["listing"] for row in kinds if row["kind"] == "stock")
    jobs = {
        "rules": ("rules", "--at", f"{day}", "--listing", listing),
        "data status": ("data", "status"),
        "screen": ("screen", "--universe", "a", "--as-of", f"{day}", "--pe-static", "0..15"),
        "report add": ("report", "add", *read, "--dry-run"),
        "--help": ("--help",),
    }
    bare, *took = in_turn(
        command("-c", BARE, str(workspace / "data_cache"), cwd=workspace),
        *(command("-m", "screener", *arguments, cwd=workspace) for arguments in jobs.values()),
    )
    return [
        (f"screener {name}", found, f"bare DuckDB, ≤ {TARGETS.get(name, 1.0)} ×", bare)
        for name, found in zip(jobs, took, strict=True)
    ]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = folder / "report.txt"
        case = load_cases()[0]
        text.write_text(case.text, encoding="utf-8")
        named = [str(Path(item).absolute()) for item in sys.argv[1:]]
        if not named:
            command("-m", "screener", "demo", "--dir", "demo", cwd=folder)()
        read = named[1:] or [str(text), "--published", f"{case.published}"]
        report(measured(Path(named[0]) if named else folder / "demo", *read))


if __name__ == "__main__":
    main()
