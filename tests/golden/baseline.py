"""Everything that the commands say about two workspaces, written down and compared by value.

Usage::

    python -m tests.golden.baseline write DIR [--demo W] [--workspace W]
    python -m tests.golden.baseline compare OLD NEW [--texts]

`write` types each command as a user would and keeps its CSV and JSON files, its stored run, its
exit code, its page and its remarks, in `DIR/demo/JOB` and `DIR/real/JOB`. It works on copies of
the workspaces. Without `--demo` the demonstration's workspace is the one that `screener demo`
makes; without `--workspace` there is no `real`.

`compare` holds the values of two such folders against each other and ends with 1 if any differs.
A number equals a number of the same value however it is written, NaN equals NaN, a text only
itself; rows and columns have an order, keys of JSON have none. Pages and remarks are told, and
count only with `--texts`: a sentence may be reworded where no value changes.

Nothing of the package is imported: what is run is the console command that is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gc
import io
import json
import math
import os
import re
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import entry_points
from multiprocessing import get_context
from pathlib import Path

from tests.golden.baseline_jobs import JOBS, REPORT_TEXT, Job

# Values that differ between two runs of one version: file, column or key, and why.
IGNORED: tuple[tuple[str, str, str], ...] = ()

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?")  # neither 002429 nor an id such as 12e7
_NOT_FINITE = {"nan", "inf", "-inf"}
_TEXTS = {"page.txt", "remarks.txt"}
_SHOWN = 20  # differences listed of each column; all are counted
_MISSING = "(none)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same in both folders."""

    file: str
    row: str
    column: str
    old: object
    new: object

    def line(self) -> str:
        """Return it as a line of the list."""
        return f"{self.file}  {self.row}  {self.column}: {self.old!r} → {self.new!r}"


# ---- writing


@dataclass(frozen=True, slots=True)
class Done:
    """What a command said and how it ended."""

    code: int
    page: str
    remarks: str


def typed(words: Sequence[str]) -> Done:
    """Run the installed console command in this process, as if it had been typed."""
    (command,) = entry_points(group="console_scripts", name="screener")
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = _code_of(command.load(), ["screener", *words])
    return Done(code, _text_of(out), _text_of(err))


def _code_of(program: Callable[[], None], words: list[str]) -> int:
    before, sys.argv = sys.argv, words
    try:
        program()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:  # noqa: BLE001 - a bug of the program is a result, too
        traceback.print_exc()
        return 1
    finally:
        sys.argv = before
    return 0


def _text_of(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


def write(folder: Path, demo: Path | None, real: Path | None) -> None:
    """Write what every command says of both workspaces into a new folder, side by side."""
    folder.mkdir(parents=True)
    worlds = [("demo", demo), *([("real", real)] if real else [])]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for written in [pool.submit(_write_world, folder / name, at) for name, at in worlds]:
            written.result()


def _write_world(folder: Path, source: Path | None) -> None:
    os.environ["COLUMNS"] = "200"
    os.environ.pop("SCREENER_WORKSPACE", None)
    with tempfile.TemporaryDirectory() as scratch:
        source = source or _demonstrated(folder, Path(scratch) / "made")
        place = Path(shutil.copytree(source, Path(scratch) / "workspace"))
        shutil.rmtree(place / "data_cache" / "runs", ignore_errors=True)
        (place / "report.txt").write_text(REPORT_TEXT, encoding="utf-8")
        for job in JOBS[folder.name]:
            _write_job(job, folder, place)


def _demonstrated(folder: Path, made: Path) -> Path:
    """Make the workspace of the demonstration, and keep the files that it writes."""
    _write_job(Job("demo", f"demo --dir {made}"), folder, made)
    for path in made.glob("*.csv"):
        shutil.copy(path, folder / "demo")
    return made


def _write_job(job: Job, folder: Path, place: Path) -> None:
    """Run a job and keep its files, its stored run, how it ended and what it said."""
    started, out, runs = time.monotonic(), folder / job.name, place / "data_cache" / "runs"
    out.mkdir(parents=True)
    before = set(runs.glob("*.json"))
    words = [word.format(out=folder, place=place) for word in job.words()]
    for option in job.files:
        words += [f"--{option}", str(out / f"{option}.{'json' if option == 'json' else 'csv'}")]
    done = typed(words if job.name == "demo" else [*words, "--workspace", str(place)])
    for number, path in enumerate(sorted(set(runs.glob("*.json")) - before)):
        shutil.copy(path, out / f"run{number}.json")
    (out / "exit.json").write_text(json.dumps({"exit_code": done.code}), encoding="utf-8")
    for name, text in (("page.txt", done.page), ("remarks.txt", done.remarks)):
        plain = text.replace(str(place), "WORKSPACE").replace(str(folder), "DIR")
        (out / name).write_text(plain, encoding="utf-8")
    gc.collect()
    print(f"{time.monotonic() - started:6.1f} s  exit {done.code}  {out}", flush=True)


# ---- comparing


def compare(old: Path, new: Path) -> Iterator[Difference]:
    """Return every value that two baselines do not share, but those that the table names."""
    for difference in _all_differences(old, new):
        if not any(
            fnmatch(difference.file, file) and difference.column == column
            for file, column, _ in IGNORED
        ):
            yield difference


def _all_differences(old: Path, new: Path) -> Iterator[Difference]:
    ours, theirs = _files(old), _files(new)
    for name in sorted(ours | theirs):
        if name not in theirs:
            yield Difference(name, "file", "", "there", _MISSING)
        elif name not in ours:
            yield Difference(name, "file", "", _MISSING, "there")
        else:
            yield from _file_differences(name, old / name, new / name)


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _file_differences(name: str, old: Path, new: Path) -> Iterator[Difference]:
    before, after = (path.read_text(encoding="utf-8") for path in (old, new))
    if before == after:
        return
    if name.endswith(".csv"):
        yield from csv_differences(name, before, after)
    elif name.endswith(".json"):
        yield from json_differences(name, "$", json.loads(before), json.loads(after))
    else:
        lines = [[[line] for line in text.splitlines()] for text in (before, after)]
        yield from _table_differences(name, ["line"], *lines)


def csv_differences(name: str, old: str, new: str) -> Iterator[Difference]:
    """Return the values that two CSV texts do not share, by row and the column's name."""
    (before, *old_rows), (after, *new_rows) = (
        list(csv.reader(io.StringIO(text))) or [[]] for text in (old, new)
    )
    for column in before:
        if column not in after:
            yield Difference(name, "column", column, "there", _MISSING)
    for column in after:
        if column not in before:
            yield Difference(name, "column", column, _MISSING, "there")
    shared = [column for column in before if column in after]
    if shared != (order := [column for column in after if column in before]):
        yield Difference(name, "order of columns", "", ",".join(shared), ",".join(order))
    rows = [
        [[row[head.index(column)] for column in shared] for row in rows]
        for head, rows in ((before, old_rows), (after, new_rows))
    ]
    yield from _table_differences(name, shared, *rows)


def _table_differences(
    name: str, columns: list[str], old: list[list[str]], new: list[list[str]]
) -> Iterator[Difference]:
    if len(old) != len(new):
        lines = [[",".join(row) for row in rows] for rows in (old, new)]
        yield from _rows_differ(name, *lines)
        return
    for number, (before, after) in enumerate(zip(old, new, strict=True), start=1):
        for column, one, other in zip(columns, before, after, strict=True):
            if not same_text(one, other):
                yield Difference(name, f"row {number}", column, one, other)


def _rows_differ(name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Difference]:
    """Tell the number of rows, and those of one side alone: their places are of no use."""
    yield Difference(name, "number of rows", "", len(old), len(new))
    for row in (Counter(old) - Counter(new)).elements():
        yield Difference(name, f"row {old.index(row) + 1}", "", row, _MISSING)
    for row in (Counter(new) - Counter(old)).elements():
        yield Difference(name, f"row {new.index(row) + 1}", "", _MISSING, row)


def json_differences(name: str, at: str, old: object, new: object) -> Iterator[Difference]:
    """Return the values that two JSON documents do not share, by the place of each."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if key in old and key in new:
                yield from json_differences(name, f"{at}.{key}", old[key], new[key])
            else:
                sides = (repr(side[key]) if key in side else _MISSING for side in (old, new))
                yield Difference(name, at, str(key), *sides)
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield Difference(name, at, "length", len(old), len(new))
        for number, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from json_differences(name, f"{at}[{number}]", one, other)
    elif not same_value(old, new):
        place, _, key = at.rpartition(".")
        yield Difference(name, place, key, old, new)


def same_text(old: str, new: str) -> bool:
    """Tell whether two cells hold the same value: numbers by value, all else by character."""
    return old == new or _cell(old) == _cell(new)


def _cell(text: str) -> object:
    lower = text.lower()
    if lower in _NOT_FINITE:
        return lower
    if not _NUMBER.fullmatch(lower):
        return ("text", text)
    return int(text) if text.lstrip("-").isdigit() else float(text)


def same_value(old: object, new: object) -> bool:
    """Tell whether two values of JSON are the same; true is no 1."""
    if isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new):
        return True
    return isinstance(old, bool) == isinstance(new, bool) and old == new


def report(differences: Iterable[Difference]) -> int:
    """Print the differences and how many each column has; return their number."""
    counts: Counter[tuple[str, str]] = Counter()
    for difference in differences:
        key = (difference.file, re.sub(r"\[\d+\]", "[]", difference.column))
        counts[key] += 1
        if counts[key] <= _SHOWN:
            print(difference.line())
    for (file, column), count in counts.items():
        if count > _SHOWN:
            print(f"{file}  {column}: {count:,} differences, {_SHOWN} are shown")
    return counts.total()


def main(words: Sequence[str] | None = None) -> int:
    """Write a baseline, or compare two; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden.baseline", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write")
    writing.add_argument("folder", type=Path, metavar="DIR")
    writing.add_argument("--demo", type=Path, metavar="W")
    writing.add_argument("--workspace", type=Path, metavar="W")
    comparing = commands.add_parser("compare")
    comparing.add_argument("old", type=Path)
    comparing.add_argument("new", type=Path)
    comparing.add_argument("--texts", action="store_true", help="pages and remarks count, too")
    chosen = parser.parse_args(words)
    if chosen.command == "write":
        write(chosen.folder.resolve(), chosen.demo, chosen.workspace)
        return 0
    return _compared(chosen.old, chosen.new, texts=chosen.texts)


def _compared(old: Path, new: Path, *, texts: bool) -> int:
    for folder in (old, new):
        if not folder.is_dir():
            raise SystemExit(f"no folder {folder}")
    found = list(compare(old, new))
    told = [item for item in found if Path(item.file).name in _TEXTS and not texts]
    count = report(item for item in found if item not in told)
    if told:
        print("read otherwise, not counted:", *sorted({item.file for item in told}), sep="\n  ")
    print(f"{len(_files(old)):,} and {len(_files(new)):,} files: {count:,} differences")
    return int(count > 0)


if __name__ == "__main__":
    raise SystemExit(main())
