"""The real texts beside the project, read with the real masters: against the shipped cards."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.domain.report import Precision, Report, Role
from screener.workflows.report.add import Added, Source, add_report
from screener.workspace.cards.reading import read_card
from screener.workspace.locate import Workspace
from tests.support.report_lake import empty_workspace

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
DATA = SHARED / "data"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
FILES = {"R1": "000", "R2": "001", "R5": "004"}
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        not ((SHARED / "reports").is_dir() and (DATA / "securities").is_dir()),
        reason="the real reports and masters are not beside the project",
    ),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = empty_workspace(tmp_path_factory.mktemp("real") / "ws")

    def imported(file: Path, kind: str, *more: str) -> None:
        words = ["data", "import", str(file), "--kind", kind, *more, "--workspace", str(made.root)]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output

    for name in ("a_share_2026-05", "hk"):
        imported(DATA / "securities" / f"{name}.csv", "listings")
    for name, index in (("csi300", "000300.SH"), ("hsi", "HSI.HK")):
        imported(DATA / "index" / f"{name}.csv", "index", "--listing", index)
    return made


@pytest.fixture(scope="module")
def added(place: Workspace) -> dict[str, Added]:
    found = {}
    for card, number in FILES.items():
        (path,) = (SHARED / "reports").glob(f"{number}_*.txt")
        found[card] = add_report(place, Source(path), now=NOW)
    return found


def shipped(card: str) -> Report:
    return read_card(ROOT / "seeds" / f"{card}.toml", root=ROOT)


def advised(report: Report) -> set[tuple[str, str]]:
    return {
        (one.listing.id, one.theme) for one in report.securities if one.role is Role.RECOMMENDED
    }


@pytest.mark.parametrize("card", FILES)
def test_every_recommended_security_and_nothing_else(added: dict[str, Added], card: str) -> None:
    assert advised(added[card].report) == advised(shipped(card))


@pytest.mark.parametrize("card", FILES)
def test_no_question_is_left(added: dict[str, Added], card: str) -> None:
    assert added[card].unresolved == ()


def test_the_digests_head_and_notes_are_whole(added: dict[str, Added]) -> None:
    report, want = added["R1"].report, shipped("R1")
    assert report.published.value == want.published.value
    assert report.published.precision is Precision.EXACT
    assert (report.publisher, report.language) == (want.publisher, want.language)
    assert len(report.notes) == len(want.notes)
    for note, expected in zip(report.notes, want.notes, strict=True):
        assert note.broker == expected.broker
        assert note.analysts == expected.analysts
        assert note.published == expected.published
        assert note.themes == expected.themes
        assert note.title


def test_the_industry_note_is_dated_within_its_range(added: dict[str, Added]) -> None:
    """Its text prints no day; a public list has it under 2026-04-21, as the card says."""
    report = added["R2"].report
    found = report.published
    assert found.precision is Precision.ESTIMATED
    assert date(2026, 4, 15) <= found.day <= date(2026, 4, 30)
    assert found.evidence
    assert [who.licence for who in report.notes[0].analysts] == [
        who.licence for who in shipped("R2").notes[0].analysts
    ]
    assert report.notes[0].rating == "强于大市"
    assert len(report.rating_definitions) == 1


def test_the_morning_note_is_dated_by_its_market_table(added: dict[str, Added]) -> None:
    found = added["R5"].report.published
    assert found.precision is Precision.ESTIMATED
    assert found.range_start is not None
    assert found.value == found.range_end == date(2026, 4, 29)
    assert "2026-04-28" in found.evidence
    assert added["R5"].report.language == "zh-Hant"


def test_no_sentence_is_on_a_card(place: Workspace, added: dict[str, Added]) -> None:
    for one in added.values():
        card = (place.seeds / f"{one.report.id}.toml").read_text(encoding="utf-8")
        assert "。" not in card
