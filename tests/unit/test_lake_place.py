"""Where the lake is, from the settings; and that no secret gets in there or out again."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake import lake
from screener.data.lake.shared.secrets import Keys, keys_of, redacted
from screener.errors import (
    ConfigError,
    DataError,
    InputError,
    ScreenerError,
    StorageBusy,
    StorageDamaged,
    StorageError,
    StorageFull,
    StorageMissing,
    StorageReadOnly,
    StorageRefused,
    StorageUnreachable,
)
from screener.files.place import Place
from screener.workflows.settings import held_settings
from screener.workspace.locate import Workspace

PLACE = Place(Path("w"), "postgres:service=lake", "s3://bucket/prefix", "https://store.desk:9000")
FILE = """
[lake]
catalog = "postgres:service=lake"
data = "s3://bucket/prefix/"
endpoint = "https://store.desk:9000/"
"""
SECRET = "hunter2-hunter2"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("SCREENER_LAKE", raising=False)
    (tmp_path / "baskets").mkdir()
    return Workspace(root=tmp_path)


def of(catalog: str = "postgres:service=lake", data: str = "s3://b/p", more: str = "") -> str:
    return f'[lake]\ncatalog = "{catalog}"\ndata = "{data}"\n{more}'


def test_the_settings_say_where_the_lake_is(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Place(workspace.data_cache)
    assert workspace.lake == own
    assert not own.shared
    (workspace.root / "screener.toml").write_text('language = "en"\n' + FILE)
    there = workspace.lake
    assert (there.catalog, there.data) == (PLACE.catalog, PLACE.data)
    assert there.endpoint == PLACE.endpoint
    assert there.shared
    assert there.folder == workspace.data_cache
    assert held_settings(workspace, {})["language"].value == "en"
    monkeypatch.setenv("SCREENER_LAKE", "local")
    assert workspace.lake == own
    monkeypatch.setenv("SCREENER_LAKE", 'catalog="postgres:host=db dbname=x", data="s3://other"')
    assert workspace.lake == Place(own.folder, "postgres:host=db dbname=x", "s3://other")


@pytest.mark.parametrize(
    "text",
    [
        of("postgres:service=lake password=hunter2-hunter2"),
        of("postgres:service=lake sslpassword='hunter2-hunter2'"),
        of("postgres:postgresql://me:hunter2-hunter2@host/db"),
        of(data="s3://key:hunter2-hunter2@bucket/p"),
        of(data="s3://b/p?s3_secret_access_key=hunter2-hunter2"),
        of(more='endpoint = "https://key:hunter2-hunter2@host"'),
        of(more='secret = "hunter2-hunter2"'),
        of(more='access_key = "hunter2-hunter2"'),
        of(more='session_token = "hunter2-hunter2"'),
    ],
)
def test_a_secret_in_the_settings_is_refused_and_not_shown(workspace: Workspace, text: str) -> None:
    (workspace.root / "screener.toml").write_text(text)
    with pytest.raises(ConfigError, match="must not stand in the settings") as caught:
        _ = workspace.lake
    assert SECRET not in str(caught.value)
    done = CliRunner().invoke(app, ["data", "status", "--workspace", str(workspace.root)])
    assert done.exit_code == 2
    assert SECRET not in done.output


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("lake = 3", "does not tell where"),
        ('[lake]\ncatalog = "postgres:service=lake"', "does not tell where"),
        (of(more='bucket = "x"'), "does not tell where"),
        (of(more="endpoint = 3"), "does not tell where"),
        (of("sqlite:file"), "no value of catalog"),
        (of("postgres:lake"), "no value of catalog"),
        (of(data="/mnt/lake"), "no value of data"),
        (of(data="s3://"), "no value of data"),
        (of(data="s3://b/p'; DROP"), "no value of data"),
        (of(more='endpoint = "store.desk"'), "no value of endpoint"),
    ],
)
def test_settings_that_tell_no_place(workspace: Workspace, text: str, match: str) -> None:
    (workspace.root / "screener.toml").write_text(text)
    with pytest.raises(ConfigError, match=match) as caught:
        _ = workspace.lake
    assert caught.value.fix
    assert "screener.toml" in caught.value.where


def test_a_variable_that_tells_no_place(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCREENER_LAKE", f"catalog=password={SECRET}")
    with pytest.raises(ConfigError, match="does not tell where") as caught:
        _ = workspace.lake
    assert SECRET not in str(caught.value)
    assert caught.value.where == "$SCREENER_LAKE"


@pytest.mark.parametrize(
    ("language", "heads", "built_in"), [("en", "from", "built-in"), ("zh", "来源", "内置")]
)
def test_the_command_shows_where_the_lake_is_and_asks_no_server(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    heads: str,
    built_in: str,
) -> None:
    file = workspace.root / "screener.toml"
    catalog, endpoint = "postgres:host=127.0.0.1 port=1 dbname=x", "http://127.0.0.1:1"  # nobody
    assert lake_row(workspace, language, heads) == f"{workspace.data_cache} {built_in}"
    file.write_text(of(catalog, more=f'endpoint = "{endpoint}"'))
    told = f'catalog = "{catalog}", data = "s3://b/p", endpoint = "{endpoint}"'
    assert lake_row(workspace, language, heads) == f"{told} screener.toml"
    assert typed(workspace, "config", "lake") == typed(workspace, "config", "lake.data") == told
    monkeypatch.setenv("SCREENER_LAKE", "local")
    assert lake_row(workspace, language, heads) == f"{workspace.data_cache} $SCREENER_LAKE"
    monkeypatch.setenv("SCREENER_LAKE", told)
    file.unlink()
    assert typed(workspace, "config", "lake") == told, "as the variable has it"


def typed(workspace: Workspace, *words: str, code: int = 0, language: str = "en") -> str:
    done = CliRunner().invoke(
        app,
        [*words, "--workspace", str(workspace.root), "--lang", language],
        env={"COLUMNS": "400"},
    )
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def lake_row(workspace: Workspace, language: str, heads: str) -> str:
    """Return value and origin of the lake, as the page of all settings has them."""
    page = typed(workspace, "config", language=language)
    assert f" {heads} " in page
    meaning = {"en": "where the market data are", "zh": "行情数据的位置"}[language]
    return page.partition(f" {meaning}")[0].rpartition(" lake ")[2]


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "not changed by this command"), ("zh", "此命令不修改数据湖的位置")],
)
@pytest.mark.parametrize(
    "words",
    [
        ("lake", "local"),
        ("lake", "default"),
        ("lake.catalog", f"postgres:service=lake password={SECRET}"),
        ("lake.catalog", "default"),
        (f"lake.secret={SECRET}", "x"),
    ],
)
def test_the_place_of_the_lake_is_changed_in_the_file_alone(
    workspace: Workspace, words: tuple[str, str], language: str, told: str
) -> None:
    file = workspace.root / "screener.toml"
    file.write_text(of())
    said = typed(workspace, "config", *words, code=2, language=language)
    assert told in said
    assert "`catalog`" in said
    assert "screener.toml" in said
    assert SECRET not in said
    assert file.read_text() == of()


def test_a_setting_goes_before_the_table_of_the_lake(workspace: Workspace) -> None:
    file = workspace.root / "screener.toml"
    file.write_text(of())
    assert typed(workspace, "config", "capital", "5") == "5"
    assert file.read_text() == f"capital = 5\n\n{of()}"
    assert workspace.lake == Place(workspace.data_cache, "postgres:service=lake", "s3://b/p")


@pytest.mark.parametrize("command", ["config", "config lake", "basket list"])
def test_no_command_shows_a_secret_that_is_where_the_lake_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    file = workspace.root / "screener.toml"
    file.write_text(of(f"postgres:host=db password={SECRET}"))
    assert "must not stand in the settings" in typed(workspace, *command.split(), code=2)
    assert SECRET not in typed(workspace, *command.split(), code=2)
    file.write_text(of(f"postgres:host=db dbname={SECRET}"))
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert SECRET not in typed(workspace, *command.split())
    monkeypatch.setenv("SCREENER_LAKE", f'catalog="postgres:host=db password={SECRET}", data="s3:"')
    assert SECRET not in typed(workspace, *command.split(), code=2)


def test_copying_needs_a_lake_for_many(workspace: Workspace) -> None:
    words = ["data", "move", "shared", "--workspace", str(workspace.root)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert "no lake for many" in done.output
    done = CliRunner().invoke(app, ["data", "move", "moon", *words[3:]])
    assert "'moon' is not one of shared, local" in done.output.replace("\n", " ")


def test_keys_are_those_of_the_environment_else_of_a_profile(tmp_path: Path) -> None:
    assert keys_of({"HOME": str(tmp_path)}) == Keys()
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = a\naws_secret_access_key = b\n"
        "[desk]\naws_access_key_id = c\naws_secret_access_key = d%\naws_session_token = e\n"
    )
    (tmp_path / ".aws" / "config").write_text("[profile desk]\nregion = cn-north-1\n")
    home = {"HOME": str(tmp_path)}
    assert keys_of(home) == Keys(key="a", secret="b")
    found = keys_of({**home, "AWS_PROFILE": "desk"})
    assert found == Keys(key="c", secret="d%", token="e", region="cn-north-1")
    assert "d%" not in repr(found)
    named = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "r"}
    assert keys_of({**home, **named}) == Keys(key="k", secret="s", region="r")


@pytest.mark.parametrize(
    "text",
    [
        f'Unable to connect to Postgres at "service=lake password={SECRET}": refused',
        f"connect with PASSWORD = '{SECRET}' failed",
        f"postgresql://me:{SECRET}@host/db cannot be reached",
        f"CREATE SECRET x (TYPE s3, SECRET {SECRET})",
        f"signature of {SECRET} does not match",
    ],
)
def test_no_message_holds_a_secret(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "known-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert SECRET not in redacted(text)
    assert redacted("known-key") == "***"
    with pytest.raises(ScreenerError) as caught, lake.storage_errors(PLACE):
        raise duckdb.IOException(text)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('connection to server at "h", port 1 failed: Connection refused', StorageUnreachable),
        ('could not translate host name "h" to address', StorageUnreachable),
        ("FATAL:  the database system is starting up", StorageUnreachable),
        ("FATAL:  sorry, too many clients already", StorageUnreachable),
        ("HTTP Error: HTTP GET error (HTTP 503 Slow Down)", StorageUnreachable),
        ('Failed to commit: Failed to execute query "ROLLBACK": ', StorageUnreachable),
        ('FATAL:  password authentication failed for user "x"', StorageRefused),
        ("fe_sendauth: no password supplied", StorageRefused),
        ('FATAL:  role "x" does not exist', StorageRefused),
        ("ERROR:  permission denied for table ducklake_snapshot", StorageRefused),
        ("HTTP GET error reading 's3://b/p' (HTTP 403 Forbidden)", StorageRefused),
        ('FATAL:  database "x" does not exist', StorageMissing),
        ("HTTP 404\n\nNoSuchBucket: The specified bucket does not exist", StorageMissing),
        ('ERROR:  relation "screener_lock" does not exist', StorageMissing),
        ('definition of service "x" not found', ConfigError),
        ('DATA_PATH parameter "a" does not match existing data path in the catalog', ConfigError),
        ("creating a new DuckLake is explicitly disabled", DataError),
        ("No snapshot found at version 3", InputError),
        ('could not extend file "base/1": No space left on device', StorageFull),
        ("cannot execute INSERT in a read-only transaction", StorageReadOnly),
        ("Exceeded the maximum retry count of 0", StorageBusy),
    ],
)
def test_what_servers_say_is_told_apart(text: str, kind: type[ScreenerError]) -> None:
    with pytest.raises(kind) as caught, lake.storage_errors(PLACE):
        raise duckdb.Error(text)
    assert type(caught.value) is kind
    assert caught.value.where == str(PLACE)
    assert caught.value.fix


def test_only_damage_is_called_damage() -> None:
    with pytest.raises(StorageError) as caught, lake.storage_errors(PLACE):
        raise duckdb.Error("something nobody has seen before")
    assert not isinstance(caught.value, StorageDamaged)
    assert "restore" not in caught.value.fix
