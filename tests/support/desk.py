"""A desk: PostgreSQL and an object store on loopback, made for the tests and gone with them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.files.place import Place

__all__ = [
    "KEY",
    "PASSWORD",
    "SECRET",
    "Desk",
    "closes",
    "desk",
    "empty_desk",
    "opened_desk",
    "place",
    "servers",
]

PASSWORD, SECRET, KEY = "pw-of-the-server", "secret-of-the-store", "key-of-the-store"
USER = "owner"
_SOURCES = Path(__file__).resolve().parents[2]
_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
_MODULES = ("moto", "werkzeug", "duckdb_extension_postgres_scanner", "duckdb_extension_httpfs")
_TURN = count(1)


class Proxy:
    """A way to the server that loses an answer when it is told to."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.cutting_proxy", str(port)],
            cwd=_SOURCES,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def cut(self) -> None:
        """Lose the answer to the next commit of a version."""
        assert self._told("cut") == "done"

    def has_cut(self) -> bool:
        """Tell whether that has happened."""
        return self._told("state") == "spent"

    def _told(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Desk:
    """Both servers, and lakes on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs = _PROGRAMS[-1].parent
        self._store = subprocess.Popen(
            [sys.executable, "-m", "tests.support.object_store"],
            cwd=_SOURCES,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._store.stdout is not None
        self.store_port, self.port = map(int, self._store.stdout.readline().split())
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        self._database(
            "initdb",
            "-D",
            str(folder / "data"),
            "--no-locale",
            "-E",
            "UTF8",
            "-N",
            "-A",
            "scram-sha-256",
            "-U",
            USER,
            f"--pwfile={folder / 'password'}",
        )
        self.start()
        self.service = folder / "pg_service.conf"
        self.passwords = folder / "pgpass"
        self.service.write_text(
            f"[lake]\nhost=127.0.0.1\nport={self.port}\nuser={USER}\ndbname=postgres\n"
        )
        self.passwords.write_text(f"127.0.0.1:{self.port}:*:*:{PASSWORD}\n")
        self.passwords.chmod(0o600)

    @property
    def environ(self) -> dict[str, str]:
        """What a user has in the environment."""
        return {
            "PGSERVICEFILE": str(self.service),
            "PGPASSFILE": str(self.passwords),
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def start(self, *options: str) -> None:
        told = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' "
            f"-c fsync=off -c lc_messages=C {' '.join(options)}"
        )
        self._server("-l", str(self.folder / "log"), "-o", told, "start")

    def stop(self) -> None:
        self._server("-m", "immediate", "stop")

    def _server(self, *words: str) -> None:
        self._database("pg_ctl", "-D", str(self.folder / "data"), "-w", *words)

    def _database(self, program: str, *words: str) -> None:
        # The server refuses to run as root.
        other = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        subprocess.run(
            [*other, str(self._programs / program), *words],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def sql(self, text: str, database: str = "postgres") -> str:
        """Tell the server something, as its owner."""
        done = subprocess.run(
            [
                str(self._programs / "psql"),
                "-qAtX",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                USER,
                "-d",
                database,
                "-c",
                text,
            ],
            check=True,
            text=True,
            capture_output=True,
            env={**os.environ, **self.environ},
        )
        return done.stdout.strip()

    def tell(self, line: str) -> list[str]:
        """Tell the object store something."""
        assert self._store.stdin is not None
        assert self._store.stdout is not None
        self._store.stdin.write(f"{line}\n")
        self._store.stdin.flush()
        answers: list[str] = []
        while (answer := self._store.stdout.readline().strip()) != "done":
            assert answer or self._store.poll() is None
            answers.append(answer)
        return answers

    def lake(self, folder: Path, *, like: Place | None = None) -> Place:
        """Name a lake of its own: without anything, or a copy of one that was made already."""
        name = f"lake{next(_TURN)}"
        template = "" if like is None else f" TEMPLATE {like.catalog.rpartition('=')[2]}"
        self.sql(f"CREATE DATABASE {name}{template}")
        place = Place(
            folder,
            f"postgres:service=lake dbname={name}",
            f"s3://desk/{name}",
            f"http://127.0.0.1:{self.store_port}",
        )
        if like is not None:
            self.sql(
                f"UPDATE ducklake_metadata SET value = '{place.prefix}' WHERE key = 'data_path'",
                name,
            )
            self.tell(f"copy {like.prefix} {place.prefix}".replace("s3://desk/", ""))
        return place

    @contextmanager
    def proxy(self) -> Iterator[Proxy]:
        """Give a way to the server that can lose an answer."""
        opened = Proxy(self.port)
        opened_passwords = self.passwords.read_text()
        self.passwords.write_text(f"{opened_passwords}127.0.0.1:{opened.port}:*:*:{PASSWORD}\n")
        try:
            yield opened
        finally:
            self.passwords.write_text(opened_passwords)
            opened.close()

    def settings(self, place: Place) -> str:
        """Return a workspace's settings that name a lake."""
        return (
            f'[lake]\ncatalog = "{place.catalog}"\ndata = "{place.data}"\n'
            f'endpoint = "{place.endpoint}"\n'
        )

    def role(self, name: str, place: Place, *rights: str) -> Place:
        """Make a role with rights on all tables, and return the lake as it sees it."""
        database = place.catalog.rpartition("=")[2]
        self.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'", database)
        self.sql(f"GRANT {', '.join(rights)} ON ALL TABLES IN SCHEMA public TO {name}", database)
        return Place(place.folder, f"{place.catalog} user={name}", place.data, place.endpoint)

    def objects(self, place: Place) -> list[str]:
        """Name the data files of a lake, as the store knows them."""
        prefix = place.prefix.removeprefix("s3://desk/")
        return [name for name in self.tell("names")[0].split() if name.startswith(prefix)]

    def close(self) -> None:
        self._store.kill()
        self._store.communicate()
        self.stop()


def closes(place: Place, version: int | None = None) -> list[float]:
    """Return all closes that a version holds."""
    with Store.open(place, version=version) as store:
        return store.read(TableName.BARS).column("close").to_pylist()


def _lacking() -> str:
    if not _PROGRAMS:
        return "needs PostgreSQL: apt-get install postgresql"
    if os.getuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "needs the user postgres"
    return next(
        (f"needs {name}: pip install -e '.[dev]'" for name in _MODULES if find_spec(name) is None),
        "",
    )


@contextmanager
def opened_desk() -> Iterator[Desk]:
    """Start both servers; `RuntimeError` where they are not installed."""
    if reason := _lacking():
        raise RuntimeError(reason)
    # Not below pytest's own folder, which nobody else may enter.
    folder = Path(tempfile.mkdtemp(prefix="screener-desk-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    opened = Desk(folder)
    try:
        yield opened
    finally:
        opened.close()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def servers() -> Iterator[Desk]:
    if reason := _lacking():
        pytest.skip(reason)
    with opened_desk() as opened:
        yield opened


@pytest.fixture
def desk(servers: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name, value in servers.environ.items():
        monkeypatch.setenv(name, value)
    for name in ("PGPASSWORD", "PGUSER", "AWS_SESSION_TOKEN", "SCREENER_LAKE"):
        monkeypatch.delenv(name, raising=False)
    return servers


@pytest.fixture(scope="module")
def empty_desk(servers: Desk, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give a lake that was made and holds nothing."""
    place = servers.lake(tmp_path_factory.mktemp("empty"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.environ.items():
            patch.setenv(name, value)
        Store.create(place).close()
    return place


@pytest.fixture
def place(desk: Desk, empty_desk: Place, tmp_path: Path) -> Place:
    """Give an empty lake for many, of this test alone."""
    return desk.lake(tmp_path / "data_cache", like=empty_desk)
