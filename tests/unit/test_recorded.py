"""Sessions kept beside the lake: the same as the library's, whatever became of the copy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from screener.data.panels.calendar_cache import recorded_calendar, recorded_sessions
from screener.domain.arrays import SessionAxis
from screener.domain.listing import Exchange
from screener.files.derived import FOLDER
from screener.market import calendars
from screener.market.calendars import calendar_of

SOURCES = Path(__file__).resolve().parents[2]
SESSIONS = {
    exchange: calendars._load(calendars.calendar_name(exchange)).sessions for exchange in Exchange
}
Document = dict[str, object]


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """Forget the calendars, as a new process would."""
    before = dict(calendars._LOADED)
    calendars._LOADED.clear()
    yield
    calendars._LOADED.clear()
    calendars._LOADED.update(before)


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> object:
        raise AssertionError(f"{name} is asked of the library")

    monkeypatch.setattr(calendars, "_library_calendar", refuse)


def kept(root: Path, name: str = "XHKG") -> Path:
    return root / FOLDER / f"sessions-{name}.json"


def make(root: Path) -> None:
    with recorded_sessions(root):
        pass
    calendars._LOADED.clear()


def check(found: SessionAxis, exchange: Exchange) -> None:
    assert found.dtype == np.dtype("datetime64[D]")
    assert (found == SESSIONS[exchange]).all()
    assert len(found) == len(SESSIONS[exchange])
    assert not found.flags.writeable


def test_the_copy_spares_the_library_and_says_the_same(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    make(tmp_path)
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == [
        "sessions-XHKG.json",
        "sessions-XSHG.json",
    ]
    request.getfixturevalue("no_library")
    with recorded_sessions(tmp_path):
        for exchange in Exchange:
            check(calendar_of(exchange).sessions, exchange)
            assert recorded_calendar(tmp_path, exchange).name == calendars.calendar_name(exchange)


def test_work_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with recorded_sessions(tmp_path):
            check(calendar_of(Exchange.SH).sessions, Exchange.SH)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not list(tmp_path.iterdir())


def changed(path: Path, change: Callable[[Document], object]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def older(path: Path) -> None:
    def change(document: Document) -> None:
        document["maker"] = str(document["maker"]).replace("exchange_calendars 4", "x 3")

    changed(path, change)


def one_day_other(path: Path) -> None:
    def change(document: Document) -> None:
        days = document["days"]
        assert isinstance(days, list)
        days[100] += 1

    changed(path, change)


def one_day_less(path: Path) -> None:
    changed(path, lambda document: document["days"].pop())  # type: ignore[attr-defined]


BAD: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": cut,
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "a list": lambda path: path.write_text("[1, 2]", encoding="utf-8"),
    "nothing in it": lambda path: path.write_text("{}", encoding="utf-8"),
    "null": lambda path: path.write_text("null", encoding="utf-8"),
    "nested without end": lambda path: path.write_text("[" * 100_000, encoding="utf-8"),
    "no days": lambda path: changed(path, lambda document: document.update(days="none")),
    "days too large": lambda path: changed(path, lambda document: document.update(days=[10**30])),
    "older version": older,
    "one day other": one_day_other,
    "one day less": one_day_less,
    "of another calendar": lambda path: path.write_bytes(
        kept(path.parents[1], "XSHG").read_bytes()
    ),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_a_copy_that_is_not_to_be_used_is_made_again(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    make(tmp_path)
    good = kept(tmp_path).read_bytes()
    spoil(kept(tmp_path))
    check(recorded_calendar(tmp_path, Exchange.HK).sessions, Exchange.HK)
    assert kept(tmp_path).read_bytes() == good


def nowhere(root: Path) -> None:
    root.rmdir()


def a_file_in_its_place(root: Path) -> None:
    (root / FOLDER).write_text("", encoding="utf-8")


def a_folder_in_its_place(root: Path) -> None:
    kept(root).mkdir(parents=True)


@pytest.mark.parametrize("spoil", [nowhere, a_file_in_its_place, a_folder_in_its_place])
def test_what_cannot_be_kept_is_computed(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    root = tmp_path / "lake"
    root.mkdir()
    spoil(root)
    check(recorded_calendar(root, Exchange.HK).sessions, Exchange.HK)
    assert not list(tmp_path.rglob(".sessions*"))


@pytest.mark.parametrize("failing", ["mkdir", "write_bytes", "replace"])
def test_a_folder_that_cannot_be_written_keeps_nothing(
    tmp_path: Path, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A refusal of the system itself: tests may run as root, whom no mode of a folder stops.
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, failing, refuse)
    check(recorded_calendar(tmp_path, Exchange.SZ).sessions, Exchange.SZ)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_two_processes_at_once_leave_one_good_copy(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from screener.data.panels.calendar_cache import recorded_sessions\n"
        "from screener.domain.listing import Exchange\n"
        "from screener.market.calendars import calendar_of\n"
        "with recorded_sessions(Path(sys.argv[1])):\n"
        "    print(*(len(calendar_of(Exchange(name)).sessions) for name in ('SH', 'HK')))\n"
    )

    def process(_: int) -> str:
        command = [sys.executable, "-c", script, str(tmp_path)]
        done = subprocess.run(command, cwd=SOURCES, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    with ThreadPoolExecutor(2) as pool:
        said = set(pool.map(process, range(4)))
    assert said == {f"{len(SESSIONS[Exchange.SH])} {len(SESSIONS[Exchange.HK])}"}
    assert len(list((tmp_path / FOLDER).iterdir())) == 2
    for exchange in Exchange:
        check(recorded_calendar(tmp_path, exchange).sessions, exchange)
