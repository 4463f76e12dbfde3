"""Every command in Chinese: no English word in what it shows, and each table in line."""

from __future__ import annotations

import io
import itertools
import re
import shlex
import shutil
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from screener.cli.main import app
from screener.cli.terminal import screens
from screener.demo import back_test
from screener.language import Language, speaking
from screener.workspace.locate import Workspace
from tests.support.latin import stray
from tests.support.soaking import soaked

COMMANDS = """\
basket list
basket show compute-leasing
basket new mine --listing 300857,00700.HK --date 2026-05-14 --weight 2,1
basket new more --theme copper --title-zh 铜业
basket rm mine more
report list
report show R1
report show R2
report show R2 --evidence
report check R1
report add own.txt --dry-run
report add own.txt --yes
report edit R2 --published 2026-04-21
report rm R5 --yes
backtest
backtest 算力租赁
backtest compute-leasing --detail --hold 5,120
backtest copper --capital 20000,1000000 --hold 20
backtest copper --delay 0,3 --weighting equal,float-cap --detail --hold 5
backtest copper --paper --metrics m.csv --hold 20 --csv r.csv --headers zh
explain r.csv 1
study --all --by basket
study copper --placebo 100 --hold 5
follow 算力租赁 --hold 20
score
score --by broker,rating
screen --universe a --pe-ttm ..25 --pb ..3 --as-of 2026-06-30
screen --basket copper --pe-ttm ..25 --market-cap 1e9.. --dividend-yield 0.01.. --as-of 2026-06-30
screen --universe all --where "pb < 3" --top 3 --allow-missing pe_ttm --pe-ttm ..20
rules --at 2026-07-06 --listing 600745.SH
rules --at 2026-07-06 --listing 00700.HK
today --since 2026-05-01
config
data status
data verify
data compact --dry-run
data restore 1 --dry-run
data export out --table bars --listing 300857.SZ
site pages --placebo 0 --hold 5
init ws"""
REPORT = "华西证券 算力租赁周报\n2026年5月20日\n推荐宏景科技（301396.SZ）、润建股份，给予买入评级。"
EXIT_CODES = {"today --since 2026-05-01": 10, "report show R2 --evidence": 3}
ONLY_CHINESE = (
    *("backtest", "backtest 算力租赁", "study copper --placebo 100 --hold 5", "score"),
    *("follow 算力租赁 --hold 20", "data verify", "data restore 1 --dry-run"),
)
"""What takes longest, and has the same tables in both languages."""
WIDTHS = (60, 80, 120, 160)
SETTINGS = (
    *("language", "capital", "participation", "excel", "jobs", "cluster", "lake", "data_cache"),
    *(
        "southbound",
        "direct",
        "auto",
        "false",
        "en",
        "hk_account",
        "account",
        "mainland",
        "hongkong",
    ),
)
"""Settings and their values, as they are typed."""
_ID = "SIMULATED-[0-9a-f]{12}"


@dataclass
class Shown:
    """What commands showed: their text, and every table that they printed."""

    texts: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    printed: dict[str, list[Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def place(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copied: Path = tmp_path_factory.mktemp("chinese") / "w"
    shutil.copytree(shared_demo, copied)
    (copied / "own.txt").write_text(REPORT, encoding="utf-8")
    back_test(Workspace(root=copied), program_version="0")
    return copied


@pytest.fixture(scope="module")
def shown(place: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Language, Shown]:
    """Run every command in each language, once, on a wide terminal."""
    found = {}
    for language in Language:
        copied = tmp_path_factory.mktemp(language) / "w"
        shutil.copytree(place, copied)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(copied)
            patch.setenv("LANGUAGE", language)  # what a command line sets is taken back
            with speaking(language):
                found[language] = _run(language, patch)
    return found


def _run(language: Language, patch: pytest.MonkeyPatch) -> Shown:
    found = Shown()
    made = screens.clean_console
    printed: list[Any] = []

    def recorded(*, stderr: bool = False) -> Console:
        console = made(stderr=stderr)
        write = console.print

        def print_(*items: Any, **options: Any) -> None:
            printed.extend(items)
            write(*items, **options)

        console.print = print_  # type: ignore[method-assign]
        return console

    patch.setattr(screens, "clean_console", recorded)
    patch.setenv("COLUMNS", "400")
    for command in COMMANDS.split("\n"):
        if language is Language.EN and command in ONLY_CHINESE:
            continue
        printed.clear()
        done = CliRunner().invoke(app, [*shlex.split(command), "--lang", language])
        found.texts[command] = done.output
        found.codes[command] = done.exit_code
        found.printed[command] = list(printed)
    return found


@pytest.fixture(scope="module")
def own(place: Path) -> frozenset[str]:
    """What stands in Chinese output as it stands in the workspace: texts of cards, ids."""
    names = [path.stem for path in place.glob("baskets/*.toml")]
    texts = {*names, *(f"{name}.toml" for name in names)}
    for path in (*place.glob("seeds/*.toml"), *place.glob("baskets/*.toml")):
        texts |= set(_texts(tomllib.loads(path.read_text(encoding="utf-8"))))
    return frozenset(text for text in texts if re.search("[A-Za-z]{2}", text) and len(text) > 3)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


@soaked
@pytest.mark.parametrize("command", COMMANDS.split("\n"))
def test_no_english_word_is_shown_in_chinese(
    command: str, shown: dict[Language, Shown], own: frozenset[str]
) -> None:
    found = shown[Language.ZH]
    assert found.codes[command] == EXIT_CODES.get(command, 0), found.texts[command]
    text = re.sub(_ID, " ", found.texts[command])
    for word in re.findall("[a-z]{2,}", command):
        text = re.sub(rf"(?<![\w/.]){word}(?:\.toml)?\b(?!/)", " ", text)
    known = {*own, *(SETTINGS if command == "config" else ())}
    assert re.search("[\\u4e00-\\u9fff]", text)
    assert stray(text, own=known) == []


@soaked
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", Language)
def test_every_table_is_in_line_and_whole_at_every_width(
    language: Language, width: int, shown: dict[Language, Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[str] = []
    checked: list[str] = []
    render = Table.__rich_console__

    def checking(self: Table, console: Console, options: Any) -> Any:
        segments = list(render(self, console, options))
        lines = "".join(item.text for item in segments if not item.control).split("\n")[:-1]
        faults.extend(_faults(self, lines, options.max_width))
        checked.extend(lines)
        return segments

    monkeypatch.setattr(Table, "__rich_console__", checking)
    with speaking(language):
        for items in shown[language].printed.values():
            out = Console(file=io.StringIO(), width=width, highlight=False)
            for item in items:
                out.print(item, markup=False, soft_wrap=isinstance(item, str))
    assert faults == []
    assert len(checked) > 300


def _faults(table: Table, lines: list[str], most: int) -> list[str]:
    """Tell what is wrong with a table: a line too wide, columns out of line, text that is lost."""
    if not table.columns:
        return []
    drawn = [cells for line in lines if set(line.strip()) - {"─"} and (cells := _cells(line))]
    faults = [f"{len(cells)} > {most}: {''.join(cells)}" for cells in drawn if len(cells) > most]
    texts = [[str(column.header), *map(str, column.cells)] for column in table.columns]
    filled = sum(any(text.strip() for text in column) for column in texts)
    blank = [all(cells[at] == " " for cells in drawn) for at in range(len(drawn[0]))]
    gaps = sum(here and not before for before, here in itertools.pairwise(blank))
    if gaps < filled - 1:
        faults.append(f"{filled} columns, {gaps} gaps: {''.join(drawn[0])}")
    wanted = Counter("".join(itertools.chain(*texts)).replace(" ", "").replace("\n", ""))
    found = Counter("".join(line for line in lines if set(line.strip()) - {"─"}).replace(" ", ""))
    if wanted != found:
        faults.append(f"lost {wanted - found}, {found - wanted} more: {''.join(drawn[0])}")
    return faults


def _cells(line: str) -> list[str]:
    """Return what stands in each column of a terminal; a wide character fills two."""
    found: list[str] = []
    for character in line:
        if not unicodedata.combining(character):
            wide = unicodedata.east_asian_width(character) in "WF"
            found.extend([character] * (2 if wide else 1))
    return found


def test_a_table_out_of_line_is_found() -> None:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("a")
    table.add_column("b")
    table.add_row("证券", "1")
    assert _faults(table, ["a    b", "证券 1"], 10) == []
    assert _faults(table, ["证券1", "ab  2"], 10) != []
    assert _faults(table, ["a    b", "证券 1"], 5) != []
    assert _faults(table, ["a    b", "证   1"], 10) != []
