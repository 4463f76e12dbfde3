"""Imports point one way, and each outside library and each kind of I/O has its doors."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.each import failing

PACKAGE = Path(__file__).resolve().parents[2] / "screener"
LAYERS = (
    {"errors", "progress"},
    {"language"},
    {"files"},
    {"domain"},
    {"market"},
    {"paths"},
    {"workspace", "screen", "backtest", "study", "scoring", "data", "reports"},
    {"results"},
    {"workflows"},
    {"render"},
    {"demo"},
    {"api_results"},
    {"api"},
    {"cli"},
    {"__main__"},
)
SIBLINGS = {("scoring", "study")}  # the one arrow within a layer
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
DOORS = {
    "vectorbt": {"backtest/engine.py", "api_results.py"},
    "vectorbt_rust": {"backtest/engine.py"},
    "exchange_calendars": {"market/calendars.py"},
    "duckdb": {
        "data/lake/guards.py",
        "data/lake/lake.py",
        "data/lake/store.py",
        "data/lake/merge.py",
        "screen/query.py",
    },
    "pydantic": {"workspace/"},
    "tomlkit": {"workspace/"},
    "typer": {"cli/"},
    "rich": {"cli/", "render/"},
    "filelock": {"data/lake/guards.py", "data/lake/locks.py"},
    "akshare": {"data/sources/online/transport/client.py"},
    "requests": {
        "data/sources/online/transport/client.py",
        "data/sources/online/transport/rate_limit.py",
    },
    "socket": {
        "data/sources/online/transport/network.py"
    },  # finds names and routes, and sends nothing
    "ahocorasick_rs": {"reports/"},
    "numba": {"paths/kernel_compiled.py"},
    "joblib": {"paths/workers/parallel.py"},
    "distributed": set(),  # `paths/workers/cluster.py` imports it when a cluster is asked for
    "opencc": {"reports/text/text.py"},
    "rjieba": {"reports/text/vocabulary.py"},
    "pypinyin": {"reports/text/spoken.py", "reports/securities/themes.py"},
    "datasketch": {"reports/repeats.py"},
    "pypdf": {"reports/documents/pdf.py"},
    "openpyxl": {"data/sources/files/tables/workbooks.py", "files/workbook.py"},
    "lxml": {"reports/documents/html.py"},
    "scipy": {"study/statistics/distributions.py"},
    "statsmodels": set(),  # what tests compare with
    "baostock": {"data/sources/online/transport/baostock_client.py"},
}
NO_NETWORK = {"http", "urllib3", "curl_cffi", "urllib.request"}
FILE_DOORS = (
    "language/",  # its catalogs
    "files/",
    "data/",
    "workspace/",
    "demo.py",
    "market/rules.py",
    "api.py",  # names of files only
    "reports/documents/reading.py",
    "cli/",
    "workflows/",  # names of files only: they hand paths on
)


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(path)}: relative import"
            found.add(node.module or "")
    return found


def part(path: Path) -> str:
    return place(path).split("/")[0].removesuffix(".py")


def test_imports_point_one_way() -> None:
    assert not failing(check_imports_point_one_way, modules(), place)


def check_imports_point_one_way(path: Path) -> None:
    own = part(path)
    if own == "__init__":
        allowed = {"screener", "screener.api"} if path.parent == PACKAGE else set()
        assert {name for name in imported(path) if name.startswith("screener")} <= allowed
        return
    for name in imported(path):
        pieces = name.split(".")
        if pieces[0] != "screener" or len(pieces) == 1:
            continue
        other = pieces[1]
        if other != own and (own, other) not in SIBLINGS:
            assert LEVEL[other] < LEVEL[own], f"{place(path)} imports {name}"


def test_outside_libraries_are_used_behind_their_doors() -> None:
    assert not failing(check_outside_libraries_are_used_behind_their_doors, modules(), place)


def check_outside_libraries_are_used_behind_their_doors(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported(path)}
    for library, doors in DOORS.items():
        if library in roots:
            assert any(place(path).startswith(door) for door in doors), library
    assert not (roots | imported(path)) & NO_NETWORK
    assert "click" not in roots


def test_core_reads_no_file_no_clock_and_prints_nothing() -> None:
    assert not failing(check_core_reads_no_file_no_clock_and_prints_nothing, modules(), place)


def check_core_reads_no_file_no_clock_and_prints_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    calls = {f"{ast.unparse(node.func)}" for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert "print" not in names
    if not any(place(path).startswith(door) for door in FILE_DOORS):
        assert "open" not in calls
        assert "pathlib" not in imported(path)
    if part(path) not in ("cli", "api"):
        clocks = {"datetime.now", "date.today", "time.time", "datetime.utcnow"}
        assert not calls & clocks, f"{place(path)} reads the clock"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["report", "list"], ["basket", "list"], ["report", "show", "R1"]]
)
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from screener.cli.main import app\n"
        "try:\n"
        f"    app({arguments!r})\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "heavy = {'pandas', 'numpy', 'numba', 'vectorbt', 'akshare', 'duckdb', 'pyarrow', 'dask'}\n"
        "found = heavy & set(sys.modules)\n"
        "assert not found, found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
