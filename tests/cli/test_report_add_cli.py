"""`report add`, `report show --evidence` and `basket new --theme` as a user types them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from screener.cli.main import app
from screener.workflows.report import inputs
from screener.workspace.locate import Workspace
from tests.support.report_lake import copy_lake, empty_workspace, fill_lake

COOLING = (
    "液冷周报：机柜功率上行\n2026年5月26日\n国盛证券 分析师：张甲乙 S0680526000001\n"
    "需求平稳增长。建议关注澄岳科技（301990.SZ）、启沅股份、衡屿智能－Ｗ等。"
    "2026年一季度澄岳科技营收12.50亿元。"
)
DOUBTFUL = (
    "算力租赁周报\n2026年5月26日\n国盛证券\n"
    "建议关注润健股份、协创数据、利通电子；另有宏景科技（300857.SZ）。"
)
KEYS = [
    "id",
    "title",
    "broker",
    "published",
    "precision",
    "notes",
    "securities",
    "claims",
    "unresolved",
    "indices",
    "climate",
    "estimates",
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake") / "data_cache"
    fill_lake(folder)
    return folder


@pytest.fixture
def place(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    made = empty_workspace(tmp_path / "ws")
    copy_lake(lake, made)
    monkeypatch.delenv("SCREENER_WORKSPACE", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(made.root)
    (made.root / "cooling.txt").write_text(COOLING, encoding="utf-8")
    (made.root / "doubtful.txt").write_text(DOUBTFUL, encoding="utf-8")
    return made


def run(*words: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin)


def ran(*words: str, stdin: bytes | None = None) -> Result:
    done = run(*words, stdin=stdin)
    assert done.exit_code == 0, done.output
    return done


def refused(code: int, *words: str, stdin: bytes | None = None) -> str:
    done = run(*words, stdin=stdin)
    assert (done.exit_code, done.stdout) == (code, "")
    return done.stderr


def test_a_report_is_added_and_told(place: Workspace) -> None:
    done = ran("report", "add", "cooling.txt")
    for fact in ("R1", "液冷周报：机柜功率上行", "国盛证券", "2026-05-26", "张甲乙 S0680526000001"):
        assert fact in done.stdout
    for listing in ("301990.SZ", "301991.SZ", "07990.HK"):
        assert listing in done.stdout
    assert done.stderr == (
        f"Written to {place.seeds / 'R1.toml'}\n"
        "Theme liquid-cooling feeds no basket yet: "
        "screener basket new liquid-cooling --theme liquid-cooling\n"
    )


def test_the_same_report_again(place: Workspace) -> None:
    ran("report", "add", "cooling.txt")
    card = (place.seeds / "R1.toml").read_bytes()
    done = ran("report", "add", "cooling.txt")
    assert done.stderr.startswith(
        "Report R1 is this report: its card stays as it is (--again brings it up to date)\n"
    )
    done = ran("report", "add", "--again", "cooling.txt")
    assert done.stderr.startswith("Read again; card R1 stays as it is\n")
    assert (place.seeds / "R1.toml").read_bytes() == card


def test_a_dry_run(place: Workspace) -> None:
    done = ran("report", "add", "--dry-run", "cooling.txt")
    assert done.stderr.startswith("Nothing was written (--dry-run)\n")
    assert list(place.seeds.iterdir()) == []
    ran("report", "add", "cooling.txt")
    done = ran("report", "add", "--dry-run", "cooling.txt")
    assert done.stderr.startswith("Nothing was written (--dry-run); report R1 is this report\n")


def test_doubts_are_shown_and_settled(place: Workspace) -> None:
    done = ran("report", "add", "--dry-run", "doubtful.txt")
    assert "Left open" in done.stdout
    assert "002929.SZ" in done.stdout
    assert (
        "2 doubtful mention(s) left out: --yes takes the likeliest meaning, a terminal asks\n"
        in done.stderr
    )
    done = ran("report", "add", "--yes", "doubtful.txt")
    assert "Left open" not in done.stdout
    assert "Made basket compute-leasing\n" in done.stderr
    assert (place.baskets / "compute-leasing.toml").is_file()


def test_the_json_has_these_keys(place: Workspace) -> None:
    assert place.root.is_dir()
    document = json.loads(ran("report", "add", "--json", "-", "cooling.txt").stdout)
    assert list(document) == KEYS
    assert document["id"] == "R1"
    assert (document["broker"], document["title"]) == ("国盛证券", "液冷周报：机柜功率上行")
    assert (document["published"], document["precision"]) == ("2026-05-26", "day")
    assert document["unresolved"] == []
    assert document["notes"][0]["analysts"] == [{"name": "张甲乙", "licence": "S0680526000001"}]
    assert [list(item) for item in document["securities"]] == [
        ["listing", "printed", "role", "theme", "confidence", "rating"]
    ] * 3
    assert [item["listing"] for item in document["securities"]] == [
        "301990.SZ",
        "301991.SZ",
        "07990.HK",
    ]
    assert document["claims"][0]["measure"] == "revenue"
    assert document["indices"] == document["climate"] == document["estimates"] == []


def test_the_json_has_estimates_and_what_a_weekly_tracks(place: Workspace) -> None:
    (place.root / "figures.txt").write_text(
        "国盛证券 2026年5月26日\n建议关注液冷方向的澄岳科技（301990）。"
        "预计澄岳科技2026-2027年归母净利润分别为1.5/2.1亿元，EPS分别为0.98/1.27元。\n"
        "本周申万机械指数跌2.21%。\n板块\t景气度指标\n卫星\t稳健向上\n阀门\t加速向上\n",
        encoding="utf-8",
    )
    document = json.loads(ran("report", "add", "--json", "-", "figures.txt").stdout)
    assert document["estimates"][0] == {
        "listing": "301990.SZ",
        "fiscal_year": 2026,
        "eps": 0.98,
        "profit": 1.5e8,
        "revenue": None,
        "currency": "CNY",
    }
    assert len(document["estimates"]) == 2
    assert document["climate"] == [
        {"sector": "卫星", "outlook": "稳健向上"},
        {"sector": "阀门", "outlook": "加速向上"},
    ]
    assert document["indices"] == [
        {"code": "", "name": "申万机械", "week": -0.0221, "month_to_date": None}
    ]
    shown = ran("report", "show", document["id"]).stdout
    assert "Estimates" in shown


def test_several_files_and_the_json_of_each(place: Workspace) -> None:
    done = ran("report", "add", "--json", "out.json", "cooling.txt", "doubtful.txt")
    documents = json.loads((place.root / "out.json").read_text(encoding="utf-8"))
    assert [document["id"] for document in documents] == ["R1", "R2"]
    assert [len(document["unresolved"]) for document in documents] == [0, 2]
    assert done.stderr.count("Written to ") == 2


def test_standard_input(place: Workspace) -> None:
    done = ran("report", "add", "-", stdin=COOLING.encode("gb18030"))
    assert f"Written to {place.seeds / 'R1.toml'}\n" in done.stderr


def test_the_users_day(place: Workspace) -> None:
    assert place.root.is_dir()
    words = ("report", "add", "--json", "-", "--published", "2026-05-14T19:48+08:00")
    document = json.loads(ran(*words, "cooling.txt").stdout)
    assert (document["published"], document["precision"]) == ("2026-05-14T19:48+08:00", "exact")


def test_a_report_without_a_broker_says_so(place: Workspace) -> None:
    (place.root / "bare.txt").write_text(
        "2026年5月26日 建议关注液冷方向的澄岳科技、启沅股份。", encoding="utf-8"
    )
    done = ran("report", "add", "bare.txt")
    assert (
        "No broker is named, and it is scored by it: screener report edit R1 --broker NAME\n"
        in done.stderr
    )


# ---- refusals ------------------------------------------------------------------------------------


def test_yes_and_strict_exclude_each_other(place: Workspace) -> None:
    assert place.root.is_dir()
    assert refused(2, "report", "add", "--yes", "--strict", "cooling.txt") == (
        "error: --yes and --strict exclude each other\nfix:   give one of them\n"
    )


def test_a_file_that_is_missing(place: Workspace) -> None:
    assert place.root.is_dir()
    message = refused(3, "report", "add", "nowhere.txt")
    assert message.startswith("error: ")
    assert "nowhere.txt" in message
    assert "\nfix:   " in message


@pytest.mark.parametrize("content", [b"", b"\n \t\n"])
def test_an_empty_file(place: Workspace, content: bytes) -> None:
    (place.root / "empty.txt").write_bytes(content)
    message = refused(2, "report", "add", "empty.txt")
    assert "empty.txt" in message
    assert "\nfix:   " in message
    assert refused(2, "report", "add", "-", stdin=content).startswith("error: ")
    assert list(place.seeds.iterdir()) == []


def test_a_scanned_pdf(place: Workspace) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(place.root / "scan.pdf"))
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.showPage()
    canvas.save()
    message = refused(2, "report", "add", "scan.pdf")
    assert "scan.pdf" in message
    assert re.search(r"scan|no text", message)
    assert "\nfix:   " in message
    assert list(place.seeds.iterdir()) == []


@pytest.mark.parametrize("value", ["2026-13-01", "gestern", "2999-01-01"])
def test_a_day_that_is_none_or_to_come(place: Workspace, value: str) -> None:
    message = refused(2, "report", "add", "--published", value, "cooling.txt")
    assert "--published" in message
    assert "\nfix:   " in message
    assert list(place.seeds.iterdir()) == []


def test_a_text_without_a_day_is_kept_and_feeds_nothing(place: Workspace) -> None:
    (place.root / "dayless.txt").write_text(
        "建议关注液冷方向的澄岳科技、启沅股份。", encoding="utf-8"
    )
    ran("basket", "new", "mine", "--theme", "liquid-cooling")
    done = ran("report", "add", "dayless.txt", "--json", "-")
    document = json.loads(done.stdout)
    assert (document["published"], document["precision"]) == ("", "unknown")
    assert {one["role"] for one in document["securities"]} == {"recommended"}
    assert "screener report edit R1 --published" in done.stderr
    assert "date unknown" in ran("report", "list").stdout
    listed = ran("basket", "list")
    assert "left out: the date of report R1 is unknown" in listed.stderr
    ran("report", "edit", "R1", "--published", "2026-05-20")
    assert "left out" not in ran("basket", "list").stderr
    assert "R1: 2" in ran("basket", "list").stdout


def test_what_a_user_says_of_a_report_counts_before_what_is_read(place: Workspace) -> None:
    words = ("--title", "我的标题", "--broker", "国金", "--theme", "算力租赁")
    document = json.loads(ran("report", "add", "--json", "-", *words, "cooling.txt").stdout)
    assert (document["title"], document["broker"]) == ("我的标题", "国金证券")
    assert {one["theme"] for one in document["securities"]} == {"compute-leasing"}
    assert 'title = "我的标题"' in (place.seeds / "R1.toml").read_text(encoding="utf-8")


def test_a_card_is_corrected_and_keeps_what_stands_on_it(place: Workspace) -> None:
    ran("report", "add", "cooling.txt")
    path = place.seeds / "R1.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('language = "', '# mine\nlanguage = "'),
        encoding="utf-8",
    )
    done = ran("report", "edit", "R1", "--published", "2026-05-14T19:48+08:00", "--broker", "甲乙")
    assert "2026-05-14 19:48+08:00" in done.stdout
    text = path.read_text(encoding="utf-8")
    assert "# mine\n" in text
    assert 'broker = "甲乙"' in text
    assert "says so already" in ran("report", "edit", "R1", "--broker", "甲乙").stderr


def test_an_edit_that_is_refused_changes_nothing(place: Workspace) -> None:
    ran("report", "add", "cooling.txt")
    before = (place.seeds / "R1.toml").read_bytes()
    for words, told in (
        ((), "nothing to change"),
        (("--published", "2999-01-01"), "future"),
        (("--theme", "no-such=other"), "is no theme of report R1"),
        (("--theme", "。"), "can be no theme"),
    ):
        message = refused(2, "report", "edit", "R1", *words)
        assert told in message
        assert "\nfix:   " in message
    assert "R9" in refused(3, "report", "edit", "R9", "--title", "x")
    assert (place.seeds / "R1.toml").read_bytes() == before


def test_a_card_is_taken_away_when_that_is_sure(place: Workspace) -> None:
    ran("report", "add", "cooling.txt")
    kept = place.data_cache / "reports" / "R1.json"
    assert kept.exists()
    assert "add --yes" in refused(2, "report", "rm", "R1")
    assert (place.seeds / "R1.toml").exists()
    ran("report", "rm", "R1", "--yes")
    assert list(place.seeds.iterdir()) == []
    assert not kept.exists()


def test_without_a_master(tmp_path: Path) -> None:
    bare = empty_workspace(tmp_path / "bare")
    (bare.root / "a.txt").write_text(COOLING, encoding="utf-8")
    message = refused(4, "report", "add", str(bare.root / "a.txt"), "--workspace", str(bare.root))
    assert message == (
        "error: no listing master: names cannot be told from other words\n"
        f"where: {bare.data_cache}\n"
        "fix:   run `screener data update`, or `screener data import FILE --kind listings`\n"
    )


def test_one_that_fails_is_told_and_the_rest_go_on(place: Workspace) -> None:
    (place.root / "scan.pdf").write_bytes(b"no PDF")
    words = ("report", "add", "--json", "out.json", "cooling.txt", "nowhere.txt", "scan.pdf")
    done = run(*words, "doubtful.txt")
    assert done.exit_code == 3  # of the first that failed
    assert sorted(path.name for path in place.seeds.iterdir()) == ["R1.toml", "R2.toml"]
    assert "nowhere.txt was not read: there is no such file / nowhere.txt / " in done.stderr
    assert "scan.pdf was not read: this is no PDF, though its name says so" in done.stderr
    assert done.stderr.endswith("2 of 4 inputs were not read\n")
    documents = json.loads((place.root / "out.json").read_text(encoding="utf-8"))
    assert [document["id"] for document in documents] == ["R1", "R2"]


def test_all_that_fail_give_an_empty_list(place: Workspace) -> None:
    done = run("report", "add", "--json", "-", "nowhere.txt", "nothing.txt")
    assert (done.exit_code, json.loads(done.stdout)) == (3, [])
    assert list(place.seeds.iterdir()) == []


def test_a_folder(place: Workspace) -> None:
    folder = place.root / "mail"
    (folder / "older").mkdir(parents=True)
    (folder / "older" / "b.txt").write_text(DOUBTFUL, encoding="utf-8")
    (folder / "a.md").write_text(COOLING, encoding="utf-8")
    (folder / "chart.png").write_bytes(b"x")
    (folder / ".hidden.txt").write_text(COOLING, encoding="utf-8")
    done = ran("report", "add", "--json", "out.json", "mail")
    documents = json.loads((place.root / "out.json").read_text(encoding="utf-8"))
    assert [document["id"] for document in documents] == ["R1", "R2"]
    assert (
        "1 file(s) of mail are no reports by their ending and were left out, first chart.png\n"
        in done.stderr
    )


def test_a_folder_of_one_gives_a_list(place: Workspace) -> None:
    folder = place.root / "mail"
    folder.mkdir()
    (folder / "a.txt").write_text(COOLING, encoding="utf-8")
    assert len(json.loads(ran("report", "add", "--json", "-", "mail").stdout)) == 1


def test_folders_without_a_report(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place.root / "empty"
    folder.mkdir()
    message = refused(2, "report", "add", "empty")
    assert message.startswith("error: this folder holds no report\nwhere: empty\n")
    assert ".docx" in message
    (folder / "a.txt").write_text(COOLING, encoding="utf-8")
    (folder / "b.txt").write_text(COOLING, encoding="utf-8")
    monkeypatch.setattr(inputs, "BOUNDS", replace(inputs.BOUNDS, folder=1))
    assert "more than 1 files" in refused(2, "report", "add", "empty")


@pytest.mark.parametrize(
    "address", ["https://example.org/a.pdf", "HTTP://example.org", "www.example.org/a", "ftp:/x/y"]
)
def test_a_web_address_is_refused_with_the_reason(place: Workspace, address: str) -> None:
    assert place.root.is_dir()
    message = refused(2, "report", "add", address)
    assert message.startswith("error: this is a web address: reports are read from files")
    assert address in message
    assert "save the page" in message


# ---- evidence, check, baskets --------------------------------------------------------------------


def test_the_evidence_of_a_card(place: Workspace) -> None:
    ran("report", "add", "cooling.txt")
    shown = ran("report", "show", "r1", "--evidence").stdout
    assert "301990.SZ" in shown
    assert "建议关注" in shown
    (place.data_cache / "reports" / "R1.json").unlink()
    message = refused(3, "report", "show", "R1", "--evidence")
    assert message == (
        "error: no text of report R1 is kept on this machine\n"
        f"where: {place.data_cache / 'reports'}\n"
        "fix:   read it here: `screener report add FILE`\n"
    )


def test_the_claims_of_a_card_are_checked(place: Workspace) -> None:
    assert place.root.is_dir()
    ran("report", "add", "cooling.txt")
    document = json.loads(ran("report", "check", "R1", "--json", "-").stdout)
    assert "revenue" in json.dumps(document, ensure_ascii=False)
    assert ran("report", "check", "R1").stdout
    assert "no report 'R9'" in refused(3, "report", "check", "R9")


def test_a_basket_of_a_theme(place: Workspace) -> None:
    ran("report", "add", "cooling.txt")
    done = ran("basket", "new", "mine", "--theme", "liquid-cooling", "--title-zh", "我的液冷")
    assert "Report R1" in done.stdout
    assert "我的液冷" in done.stdout
    assert done.stdout.endswith(f"Written to {place.baskets / 'mine.toml'}\n")
    again = ran("report", "add", "--dry-run", "cooling.txt")
    assert "feeds no basket" not in again.stderr
    assert "mine" in again.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mine", "--theme", "a", "--listing", "300857.SZ"), "--theme takes its names and dates"),
        (("mine", "--theme", "a", "--date", "2026-05-14"), "--theme takes its names and dates"),
        (("mine",), "a list of your own needs --listing and --date"),
        (("Mein Korb", "--theme", "liquid-cooling"), "Mein Korb"),
        (("mine", "--theme", "Nicht so"), "Nicht so"),
        (("mine", "--theme", ""), "theme"),
    ],
)
def test_a_basket_that_is_refused(place: Workspace, words: tuple[str, ...], message: str) -> None:
    told = refused(2, "basket", "new", *words)
    assert message in told
    assert "\nfix:   " in told
    assert list(place.baskets.iterdir()) == []


def test_a_basket_that_exists(place: Workspace) -> None:
    ran("basket", "new", "mine", "--theme", "liquid-cooling")
    before = (place.baskets / "mine.toml").read_bytes()
    assert "exists already" in refused(2, "basket", "new", "mine", "--theme", "copper")
    assert (place.baskets / "mine.toml").read_bytes() == before


# ---- the look of it ------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 160])
def test_no_line_is_wider_than_the_screen(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    assert place.root.is_dir()
    monkeypatch.setenv("COLUMNS", str(columns))
    for words in (("add", "cooling.txt"), ("add", "doubtful.txt"), ("show", "R1", "--evidence")):
        lines = ran("report", *words).stdout.splitlines()
        assert lines
        assert max(map(cell_len, lines)) <= columns


def test_chinese_columns_are_aligned(place: Workspace) -> None:
    assert place.root.is_dir()
    lines = ran("report", "add", "cooling.txt").stdout.splitlines()
    rows = [line for line in lines if re.match(r"\s*\d{5,6}\.(SZ|HK)", line)]
    starts = {cell_len(row[: row.index("recommended")]) for row in rows}
    assert len(rows) == 3
    assert len(starts) == 1


def test_one_title_for_several_reports_is_refused(place: Workspace) -> None:
    message = refused(2, "report", "add", "--title", "x", "cooling.txt", "cooling.txt")
    assert message.startswith("error: --title is about one report")
    assert list(place.seeds.iterdir()) == []
