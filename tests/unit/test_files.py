"""Files are put in place whole or not at all, text that leaves is clean, results stay apart."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import tracemalloc
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.cli.terminal.screens import clean_console
from screener.errors import InputError, StorageError, StorageFull, StorageReadOnly
from screener.files.clean import clean, clean_line
from screener.files.failures import storage_error
from screener.files.whole import put_new, put_whole, write_whole
from screener.files.writing import (
    FileFormat,
    check_targets,
    csv_text,
    write_csv,
    write_json,
    write_table,
)
from tests.support.laws import laws

MARKS = "\x1b\x9b\x00\x07\x7f\u202e\u2066\u200f\u061c"


TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def harmful(text: str) -> bool:
    return any(
        (unicodedata.category(one) == "Cc" and one not in "\n\t")
        or unicodedata.bidirectional(one)
        in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for one in text
    )


@laws(100)
@given(st.text())
def test_clean_text_holds_no_command(text: str) -> None:
    found = clean(text)
    assert not harmful(found)
    assert clean(found) == found
    assert "\n" not in clean_line(text)
    found.encode("utf-8")


@pytest.mark.parametrize(
    "text", ["贵州茅台 600519.SH", "café, naïve", "线1\n线2\t列", "👩‍👧 family"]
)
def test_sound_text_stays(text: str) -> None:
    assert clean(text) == text


def test_half_a_pair_is_replaced() -> None:
    assert clean("a\udc9bb") == "a\ufffdb"


def test_an_error_while_writing_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "a.txt"
    place.write_text("old")

    def half(draft: Path) -> None:
        draft.write_text("ha")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        put_whole(place, half)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert place.read_text() == "old"


def test_bytes_are_on_the_disk_before_the_name_points_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    replace = Path.replace
    monkeypatch.setattr(os, "fsync", lambda _: seen.append("sync"))
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (seen.append("rename"), replace(self, to))[1]
    )
    write_whole(tmp_path / "a", "x")
    assert seen == ["sync", "rename"]


def test_modes(tmp_path: Path) -> None:
    place = tmp_path / "a"
    write_whole(place, b"x", mode=0o600)
    assert place.stat().st_mode & 0o777 == 0o600
    write_whole(place, b"y")
    assert place.stat().st_mode & 0o777 == 0o600
    put_new(tmp_path / "b", "x", mode=0o640)
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o640
    with pytest.raises(FileExistsError):
        put_new(tmp_path / "b", "y")
    assert (tmp_path / "b").read_text() == "x"


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ENOSPC, StorageFull, "no space left"),
        (errno.EDQUOT, StorageFull, "quota"),
        (errno.EFBIG, StorageFull, "larger than this process may write"),
        (errno.EROFS, StorageReadOnly, "read-only"),
        (errno.EACCES, StorageReadOnly, "permission"),
        (errno.ENAMETOOLONG, StorageError, "too long"),
        (errno.ENOTDIR, StorageError, "a part of the path is a file"),
        (errno.EIO, StorageError, "Input/output error"),
    ],
)
def test_limits_have_words_of_their_own(number: int, kind: type[StorageError], said: str) -> None:
    found = storage_error(OSError(number, os.strerror(number)), "place")
    assert type(found) is kind
    assert said in found.what
    assert "damage" not in str(found)
    assert found.fix


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|x", "'+cmd|x"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", " =1"),
        ("-0.5", "-0.5"),
        ("+1e3", "+1e3"),
        (-0.5, "-0.5"),
        ("增持-A", "增持-A"),
        ("-", "'-"),
        (f"a{MARKS}b", "ab"),
    ],
)
def test_no_cell_is_a_formula_and_numbers_stay_numbers(value: object, cell: str) -> None:
    (_, row) = csv.reader(io.StringIO(csv_text(["x"], [{"x": value}])))
    assert row == [cell]


def test_json_is_clean_and_plain_however_deep(tmp_path: Path) -> None:
    """Python's own encoder is what it is compared with, on what was made plain by hand."""
    place = tmp_path / "a.json"
    day = date(2026, 5, 14)
    write_json(str(place), {"a": [f"x{MARKS}", [], [day, [math.nan, 1.5]], {"b": ({}, None)}]})
    text = place.read_text(encoding="utf-8")
    assert MARKS[1] not in text
    found = json.loads(text)
    assert found["a"][1:] == [[], ["2026-05-14", [None, 1.5]], {"b": [{}, None]}]
    assert text == json.dumps(found, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_many_rows_are_written_as_they_come(name: str, tmp_path: Path) -> None:
    """Of thousands of rows no text is held, and rows that fail leave the old file."""
    place = tmp_path / name
    columns = tuple("abcdef")
    held = [dict.fromkeys(columns, "x" * 300)] * 2_500

    def write(rows: Iterable[dict[str, str]]) -> None:
        if name == "a.csv":
            write_csv(str(place), columns, rows)
        else:
            write_json(str(place), list(rows))

    tracemalloc.start()
    try:
        write(held)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = place.stat().st_size
    assert size > 4_000_000
    assert peak < size / 8

    def failing() -> Iterator[dict[str, str]]:
        yield from held[:500]
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write(failing())
    assert place.stat().st_size == size
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_exported_cells_are_harmless_and_parquet_keeps_what_is_stored(tmp_path: Path) -> None:
    rows = pa.table({"source": ["=1+1", f"a{MARKS}b.csv", None], "close": [-1.0, 2.0, None]})
    write_table(tmp_path / "t.csv", [rows], file_format=FileFormat.CSV)
    with (tmp_path / "t.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["source", "close"],
            ["'=1+1", "-1"],
            ["ab.csv", "2"],
            ["", ""],
        ]
    write_table(tmp_path / "t.parquet", [rows], file_format=FileFormat.PARQUET)
    assert pq.read_table(tmp_path / "t.parquet").equals(rows)


def test_a_console_shows_no_command_and_keeps_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    clean_console().print(f"[bold]a[/]{MARKS}b\u2028c", markup=True)
    assert capsys.readouterr().out == "ab c\n"


@pytest.mark.parametrize(
    "name", ["data_cache/catalog.sqlite", "baskets/copper.toml", "seeds/x.csv", "screens/a/b.csv"]
)
def test_results_never_enter_the_folders_of_a_workspace(tmp_path: Path, name: str) -> None:
    for folder in ("data_cache", "seeds", "baskets", "screens/a"):
        (tmp_path / folder).mkdir(parents=True)
    place = tmp_path / name
    place.write_text("mine")
    link = tmp_path / "link.csv"
    link.symlink_to(place)
    for target in (str(place), str(link)):
        with pytest.raises(InputError, match=r"of a workspace, which results never enter"):
            write_csv(target, ["a"], [])
    assert place.read_text() == "mine"


def test_a_folder_of_that_name_elsewhere_is_a_folder_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "baskets").mkdir()
    write_csv(str(tmp_path / "baskets" / "x.csv"), ["a"], [])
    assert (tmp_path / "baskets" / "x.csv").read_text() == "a\n"


@pytest.mark.parametrize(
    "content",
    [
        *("my notes", "Name;Wert\n1;2", "\x00\x01", "[tool]\nx = 1", "# a"),
        *("notes\n", "date,open,close\n2026-05-27,1,2\n", "code,reports\n1,2\n"),
    ],
)
def test_what_is_no_result_is_replaced_by_force_alone(tmp_path: Path, content: str) -> None:
    place = tmp_path / "x.csv"
    place.write_text(content)
    with pytest.raises(InputError, match=r"is no result of this program.*--force"):
        check_targets(str(place))
    assert place.read_text() == content
    check_targets(str(place), force=True)


@pytest.mark.parametrize(
    "content", ["", "basket,report\n", "\ufeffbasket,paper_return\n1,2\n", "[]", '{"a": 1}']
)
def test_a_result_is_replaced(tmp_path: Path, content: str) -> None:
    place = tmp_path / "x.csv"
    place.write_text(content)
    check_targets(str(place))


def test_a_name_too_long_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"too long"):
        check_targets(str(tmp_path / ("x" * 300)))
