"""What the data rooms tell in Chinese, and that what they store is the same in any language."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.lake.store import Store
from screener.data.sources.files import ImportKind, ImportRequest
from screener.data.sources.online.registry import BREAKER_FILE
from screener.data.sources.online.transport.protocol import Need
from screener.errors import ScreenerError
from screener.language import Language, speaking
from screener.language.stored import retold
from screener.workflows.data.importing import ImportOutcome, import_files
from screener.workflows.report.catalog import init_workspace
from screener.workspace.locate import Workspace
from tests.support.bad_files import BAD_FILES, REFUSED
from tests.support.latin import stray

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COMPANIES = ("eastmoney", "sina", "tencent", "cninfo")
WIDTHS = (80, 160)
TYPED = ("COLUMN=FIELD", "percent", "fraction", "shares", "lots", "parquet", "raw", "adjusted")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    with speaking(Language.EN):
        yield


def workspace(folder: Path) -> Workspace:
    (folder / "baskets").mkdir(parents=True)
    return Workspace(root=folder)


def brought(place: Workspace, kind: str, text: str, name: str = "") -> ImportOutcome:
    path = place.root / (name or f"{kind}.csv")
    path.write_text(text, encoding="utf-8")
    wanted = ImportKind(kind)
    return import_files(
        place,
        ImportRequest(
            paths=(path,),
            kind=wanted,
            fetched_at=NOW,
            today=NOW.date(),
            basis=Basis.RAW if wanted is ImportKind.BARS else None,
        ),
    )


Filled = dict[Language, tuple[Workspace, list[ImportOutcome]]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """By language, a workspace after the import of the bad files. Not to be changed."""
    found: Filled = {}
    for language in Language:
        place = workspace(tmp_path_factory.mktemp(language) / "w")
        with speaking(language):
            found[language] = place, [brought(place, *item) for item in BAD_FILES.items()]
    return found


def contents(place: Workspace) -> dict[str, object]:
    with Store.open(place.data_cache) as store:
        rows = {str(name): store.read(name).to_pylist() for name in TABLES}
        return {**rows, "digest": store.content().digest, "version": store.version}


def test_what_is_stored_is_the_same_in_any_language(filled: Filled) -> None:
    english, chinese = (contents(place) for place, _ in filled.values())
    assert english == chinese


@pytest.mark.parametrize("language", Language)
def test_every_stored_reason_is_told_as_it_was_said(filled: Filled, language: Language) -> None:
    place, outcomes = filled[language]
    with Store.open(place.data_cache) as store:
        rows = store.read(TableName.QUARANTINE).to_pylist()
    known = {(row["table_name"], row["file"], row["line"]): row["reason"] for row in rows}
    said = {
        (str(item.table), item.file, item.line): item.reason
        for done in outcomes
        for item in done.rejects
    }
    assert len(said) > 40
    with speaking(language):
        assert {key: retold(known[key]) for key in said} == said


def test_what_an_import_tells_is_chinese(filled: Filled) -> None:
    assert stray(filled[Language.EN][1][0].rejects[0].reason)
    for done in filled[Language.ZH][1]:
        for text in (*done.remarks, *(reason for reason, *_ in done.reasons)):
            assert not stray(text, ["sh、sz、bj、hk"]), text


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_file_is_refused_in_chinese(tmp_path: Path, name: str) -> None:
    place = workspace(tmp_path / "w")
    for language, chinese in ((Language.ZH, True), (Language.EN, False)):
        with speaking(language), pytest.raises(ScreenerError) as refused:
            brought(place, *REFUSED[name])
        told = refused.value.what
        own = [*REFUSED[name][1].split("\n")[0].split(","), "SIMULATED", "--basis 写的是 raw"]
        assert (not stray(told, own)) is chinese, told
        rest = f"{refused.value.where} {refused.value.fix}"
        assert not chinese or not stray(rest, [".xlsx", "listing,session,close", *TYPED]), rest


# Commands


def typed(place: Workspace, *words: str, width: int = 160) -> str:
    line = ["--lang", "zh", *words, "--workspace", str(place.root)]
    done = CliRunner().invoke(app, line, env={"COLUMNS": str(width)})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output


@pytest.fixture
def made(filled: Filled) -> Workspace:
    """A workspace of some versions. Not to be changed."""
    return filled[Language.ZH][0]


@pytest.fixture
def copied(made: Workspace, tmp_path: Path) -> Workspace:
    return Workspace(root=Path(shutil.copytree(made.root, tmp_path / "copied")))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("words", "known"),
    [
        (("data", "status"), ("日线行情", "交易日历", "数据版本")),
        (("data", "status", "--listing", "600519,00700.HK"), ("缺失", "没有数据")),
        (("data", "verify"), ("严重程度", "隔离区", "存疑", "被剔除")),
        (("data", "verify", "--repair"), ("没有可建议的修复",)),
        (("data", "diff", "2", "4"), ("新增", "数据版本")),
        (("data", "restore", "2", "--dry-run"), ("试运行",)),
        (("data", "compact", "--keep-days", "0"), ("整理", "文件")),
        (("data", "export", "out"), ("已写入",)),
        (("data", "update", "--listing", "600519", "--dry-run"), ("查询",)),
    ],
)
def test_commands_tell_it_in_chinese(
    copied: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    known: tuple[str, ...],
    width: int,
) -> None:
    monkeypatch.chdir(copied.root)
    told = typed(copied, *words, width=width)
    for word in known:
        assert word in told.replace("\n", "")
    assert not stray(told, [str(copied.root), *COMPANIES, *TABLES, "parquet", "Ctrl-C"]), told


def test_damage_is_told_in_chinese(copied: Workspace) -> None:
    files = sorted((copied.data_cache / "data").rglob("*.parquet"))
    content = bytearray(files[0].read_bytes())
    content[len(content) // 2] ^= 1
    files[0].write_bytes(content)
    files[1].unlink()
    told = typed(copied, "data", "verify")
    assert "文件被改动" in told
    assert "文件不见了" in told
    own = [path.relative_to(copied.data_cache / "data").as_posix() for path in files]
    folders = [part for path in own for part in path.split("/")]
    assert not stray(told, [str(copied.root), *own, *folders, "parquet"]), told


@pytest.mark.parametrize(
    "words",
    [
        ("data", "status", "--data-version", "99"),
        ("data", "diff", "1", "99"),
        ("data", "diff", "1", "2", "--table", "nothing"),
        ("data", "restore", "99"),
        ("data", "compact", "--keep-days", "-1"),
        ("data", "verify", "--yes"),
        ("data", "verify", "--repair", "--data-version", "2"),
        ("data", "verify", "--table", "nothing"),
        ("data", "verify", "--strict"),
        ("data", "export", "bars.csv"),
        ("data", "export", "out", "--format", "pdf"),
        ("data", "update", "--all", "--listing", "600519"),
        ("data", "update", "--listing", "600519", "--from", "2030-01-01"),
        ("data", "update", "--listing", "600519", "--only", "nothing"),
        ("data", "import", "nothing.csv", "--kind", "bars", "--basis", "raw"),
        ("data", "import", "bars.csv", "--kind", "bars"),
        ("data", "import", "bars.csv", "--kind", "fx", "--basis", "raw"),
        ("data", "import", "bars.csv", "--kind", "nothing"),
        ("data", "import", "bars.csv", "--kind", "bars", "--basis", "raw", "--map", "close"),
        ("data", "import", "bars.csv", "--kind", "bars", "--basis", "raw", "--unit", "close=x"),
    ],
)
def test_refusals_of_commands_are_chinese(
    made: Workspace, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(made.root)
    told = typed(made, *words)
    assert told
    own = [str(made.data_cache), *words, *TABLES, *ImportKind, *Need, *TYPED]
    assert not stray(told.split("严重程度")[-1], own), told


def test_a_refused_host_is_remembered_in_english_and_told_in_chinese(tmp_path: Path) -> None:
    from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker
    from screener.data.sources.online.transport.errors import Trouble
    from tests.support.canned.everything import FakeTime

    path, time = tmp_path / BREAKER_FILE, FakeTime()
    with speaking(Language.ZH):
        breaker = CircuitBreaker(path, time.clock)
        breaker.failed("sina", Trouble.REFUSED.said("hq.sinajs.cn"), opens_after=1)
        assert breaker.reason("sina") == "hq.sinajs.cn 拒绝了请求"
    kept = json.loads(path.read_text(encoding="utf-8"))["groups"]["sina"]["reason"]
    assert kept == "hq.sinajs.cn refused the request"
    assert CircuitBreaker(path, time.clock).reason("sina") == kept
    with speaking(Language.ZH):
        (line,) = CircuitBreaker(path, time.clock).describe()
    assert line.startswith("sina：熔断至 ")
    assert line.endswith("（hq.sinajs.cn 拒绝了请求）")


def test_a_basket_is_called_by_its_chinese_title(tmp_path: Path) -> None:
    place = init_workspace(tmp_path / "seeds")
    brought(place, "bars", BAD_FILES["bars"])
    told = typed(place, "data", "status")
    assert "算力租赁" in told
    assert "compute-leasing" not in told
    line = ["--lang", "en", "data", "status", "--workspace", str(place.root)]
    assert "compute-leasing" in CliRunner().invoke(app, line, env={"COLUMNS": "160"}).output
