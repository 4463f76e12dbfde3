"""Limits of the machine in words of their own: only damage is called damage."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from screener.cli.terminal.exits import RootGroup
from screener.data.lake import lake
from screener.errors import (
    OutOfMemory,
    StorageDamaged,
    StorageError,
    StorageNewer,
    StorageReadOnly,
)
from screener.files.memory import require_memory


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "lake"
    (root / lake.DATA).mkdir(parents=True)
    with lake.connect(root, create=True) as connection:
        connection.execute("CREATE TABLE lake.t (a INTEGER)")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lake"))


def set_version(root: Path, version: str) -> None:
    with sqlite3.connect(root / lake.CATALOG) as catalog:
        catalog.execute("UPDATE ducklake_metadata SET value = ? WHERE key = 'version'", (version,))
    catalog.close()


def patch_bytes(root: Path, place: int, content: bytes) -> None:
    raw = bytearray((root / lake.CATALOG).read_bytes())
    raw[place : place + len(content)] = content
    (root / lake.CATALOG).write_bytes(raw)


def test_a_newer_lake_asks_for_a_newer_program(root: Path) -> None:
    set_version(root, "7.3")
    with pytest.raises(StorageNewer, match=r"written by a newer program.* 7\.3") as error:
        lake.connect(root)
    assert "pip install -U screener" in error.value.fix


def test_a_newer_catalog_file_asks_for_it_too(root: Path) -> None:
    patch_bytes(root, 44, (12).to_bytes(4, "big"))  # SQLite's own number of its schema's format
    with pytest.raises(StorageNewer, match="written by a newer program"):
        lake.connect(root)


def test_an_older_lake_is_called_older(root: Path) -> None:
    set_version(root, "0.1")
    with pytest.raises(StorageError, match=r"of version 0\.1; this program reads") as error:
        lake.connect(root)
    assert not isinstance(error.value, StorageNewer | StorageDamaged)


def test_what_is_no_version_and_no_catalog_is_damage(root: Path) -> None:
    set_version(root, "seven")
    with pytest.raises(StorageDamaged):
        lake.connect(root)
    patch_bytes(root, 0, b"x" * 100)
    with pytest.raises(StorageDamaged, match="not a database"):
        lake.connect(root)


def test_a_folder_in_the_place_of_the_catalog(root: Path) -> None:
    (root / lake.CATALOG).unlink()
    (root / lake.CATALOG).mkdir()
    with pytest.raises(StorageError, match="a folder is in the place of the file") as error:
        lake.connect(root)
    assert not isinstance(error.value, StorageDamaged)


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["long" * 40] * 4)
    (folder / lake.DATA).mkdir(parents=True)
    with pytest.raises(StorageError, match="too long") as error:
        lake.connect(folder, create=True)
    assert "shorter" in error.value.fix


def test_words_of_the_system_keep_their_meaning(tmp_path: Path) -> None:
    failures: list[tuple[Exception, type[StorageError], str]] = [
        (lake.Error('IO Error: Cannot open file "/x/y.parquet": Not a directory'),
         StorageError, "a part of the path is a file"),
        (lake.Error('IO Error: Cannot open file "/x/y.parquet": Permission denied'),
         StorageReadOnly, "permission denied"),
        (lake.Error('IO Error: Cannot open file "/x/y.parquet": Too many open files'),
         StorageError, "open no more files"),
        (lake.Error("Out of Memory Error: failed to allocate data of size 32.0 MiB"),
         OutOfMemory, "not enough memory"),
        (PermissionError(13, "Permission denied", "/x"), StorageReadOnly, "permission denied"),
    ]  # fmt: skip
    for cause, kind, words in failures:
        with pytest.raises(kind, match=words) as error, lake.storage_errors(tmp_path):
            raise cause
        assert not isinstance(error.value, StorageDamaged)


def test_too_little_memory_is_told_before_anything_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_000_000_000, resource.RLIM_INFINITY))
    with pytest.raises(OutOfMemory, match="may use 1,000 MB") as error:
        require_memory()
    assert "ulimit -v unlimited" in error.value.fix
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    require_memory()


def ends_in(error: BaseException) -> tuple[int, str]:
    app = typer.Typer(cls=RootGroup)

    @app.callback()
    def root() -> None: ...

    @app.command()
    def job() -> None:
        raise error

    result = CliRunner().invoke(app, ["job"])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    "make",
    [
        lambda: MemoryError("Unable to allocate 8.00 GiB for an array"),
        lambda: MemoryError(),
        lambda: ImportError("x.so: failed to map segment from shared object"),
        lambda: RuntimeError("can't start new thread"),
        lambda: OSError(12, "Cannot allocate memory"),
    ],
)
def test_memory_that_runs_out_is_one_line_and_a_code(make: Callable[[], BaseException]) -> None:
    code, said = ends_in(make())
    assert code == 7
    assert said.startswith("error: this machine has not enough memory for it: ")
    assert "fix:" in said
    assert "damaged" not in said


def test_a_bug_stays_a_traceback() -> None:
    code, said = ends_in(ValueError("a bug"))
    assert code == 1
    assert "memory" not in said
