"""Workspaces on disk: finding, making, baskets read and written, nothing left behind on failure."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from screener.domain.basket import Basket, Weighting
from screener.domain.listing import Listing, parse_listing
from screener.domain.report import Precision
from screener.errors import (
    AmbiguousMention,
    BasketDefinitionError,
    BasketNotFound,
    ConfigError,
    DateRangeError,
    ReportNotFound,
    StorageError,
    StorageFull,
)
from screener.files import whole as putting
from screener.workflows.report.catalog import (
    basket_events,
    get_report,
    init_workspace,
    list_baskets,
    list_reports,
    new_basket,
)
from screener.workspace.baskets import read_basket
from screener.workspace.bundled import bundled_workspace
from screener.workspace.create import create_workspace
from screener.workspace.locate import Workspace, find_workspace
from tests.support.strict_reading import read_baskets

ROOT = Path(__file__).resolve().parents[2]
CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return init_workspace(tmp_path / "ws")


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def codes(*texts: str) -> tuple[Listing, ...]:
    return tuple(map(parse_listing, texts))


class TestFinding:
    def test_the_option_wins(self, tmp_path: Path) -> None:
        for name in ("a", "b", "c"):
            (tmp_path / name / "baskets").mkdir(parents=True)
        environ = {"SCREENER_WORKSPACE": str(tmp_path / "b")}
        cwd = tmp_path / "c"
        found = [
            find_workspace(tmp_path / "a", environ=environ, cwd=cwd),
            find_workspace(None, environ=environ, cwd=cwd),
            find_workspace(None, environ={}, cwd=cwd),
        ]
        assert [item.root.name for item in found] == ["a", "b", "c"]

    def test_a_relative_option_starts_at_the_current_folder(self, tmp_path: Path) -> None:
        (tmp_path / "a" / "baskets").mkdir(parents=True)
        found = find_workspace(Path("a"), environ={}, cwd=tmp_path)
        assert found.root == tmp_path / "a"

    def test_the_nearest_parent(self, tmp_path: Path) -> None:
        (tmp_path / "baskets").mkdir()
        (tmp_path / "in" / "baskets").mkdir(parents=True)
        (tmp_path / "in" / "deep" / "er").mkdir(parents=True)
        found = find_workspace(
            None, environ={"SCREENER_WORKSPACE": ""}, cwd=tmp_path / "in" / "deep" / "er"
        )
        assert found.root == tmp_path / "in"
        assert found.data_cache == tmp_path / "in" / "data_cache"

    def test_none(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"no workspace found.*screener init DIR"):
            find_workspace(None, environ={}, cwd=tmp_path)

    @pytest.mark.parametrize(
        ("environ", "where"), [({}, "--workspace"), ({"SCREENER_WORKSPACE": "x"}, "SCREENER_WORK")]
    )
    def test_a_named_folder_that_is_none(
        self, tmp_path: Path, environ: dict[str, str], where: str
    ) -> None:
        option = None if environ else tmp_path
        with pytest.raises(ConfigError, match=r"no workspace at .*screener init") as caught:
            find_workspace(option, environ=environ, cwd=tmp_path)
        assert where in caught.value.where
        assert caught.value.exit_code == 2


class TestBundled:
    def test_the_repository_in_an_editable_install(self) -> None:
        assert bundled_workspace().root == ROOT

    def test_the_package_in_a_wheel(self, tmp_path: Path) -> None:
        package = tmp_path / "site-packages" / "screener"
        for part in ("seeds", "baskets"):
            (package / "_workspace" / part).mkdir(parents=True)
        assert bundled_workspace(package).root == package / "_workspace"

    def test_neither(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"lacks its report cards.*install the package again"):
            bundled_workspace(tmp_path / "screener")


class TestCreating:
    def test_a_new_folder(self, tmp_path: Path) -> None:
        made = init_workspace(tmp_path / "two words" / "研究 #1")
        assert [item.id for item in list_reports(made)] == ["R1", "R2", "R3", "R4", "R5"]
        assert len(list_baskets(made)) == 9
        assert (made.root / ".gitignore").read_text(encoding="utf-8") == "data_cache/\n"
        assert sorted(p.name for p in made.root.iterdir()) == [".gitignore", "baskets", "seeds"]
        assert [p.name for p in made.root.parent.iterdir()] == ["研究 #1"]

    def test_the_permissions_are_those_of_any_new_folder(self, tmp_path: Path) -> None:
        made = init_workspace(tmp_path / "ws")
        (tmp_path / "plain").mkdir()
        assert made.root.stat().st_mode == (tmp_path / "plain").stat().st_mode

    def test_a_folder_with_other_files_keeps_them(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
        (tmp_path / ".gitignore").write_bytes(b"*.bak")
        made = init_workspace(tmp_path)
        assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
        assert (tmp_path / ".gitignore").read_bytes() == b"*.bak\ndata_cache/\n"
        assert len(list_baskets(made)) == 9

    @pytest.mark.parametrize("part", ["seeds", "baskets", "data_cache"])
    def test_over_a_workspace(self, tmp_path: Path, part: str) -> None:
        (tmp_path / "ws" / part).mkdir(parents=True)
        before = snapshot(tmp_path)
        with pytest.raises(ConfigError, match=rf"holds {part}/ already.*--workspace"):
            init_workspace(tmp_path / "ws")
        assert snapshot(tmp_path) == before

    def test_over_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "ws").write_text("x", encoding="utf-8")
        with pytest.raises(ConfigError, match=r"is a file, not a folder"):
            init_workspace(tmp_path / "ws")
        assert (tmp_path / "ws").read_text(encoding="utf-8") == "x"

    @pytest.mark.parametrize("target", ["new", "deep/er/new", "there"])
    def test_a_full_disk_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
    ) -> None:
        (tmp_path / "there").mkdir()
        (tmp_path / "there" / "notes.txt").write_text("mine", encoding="utf-8")
        before = snapshot(tmp_path)
        synced: list[int] = []
        sync = os.fsync

        def full(handle: int) -> None:
            if len(synced) == 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            synced.append(handle)
            sync(handle)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StorageFull, match=r"no space left.*free some space"):
            init_workspace(tmp_path / target)
        assert len(synced) == 3
        assert snapshot(tmp_path) == before

    def test_an_interruption_while_the_parts_move_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
        before = snapshot(tmp_path)
        replace = Path.replace

        def interrupted(self: Path, target: Path) -> Path:
            if target == tmp_path / "baskets":
                raise KeyboardInterrupt
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            create_workspace(tmp_path, bundled_workspace())
        assert not (tmp_path / "seeds").exists()
        assert {name for name in snapshot(tmp_path) if name != ".gitignore"} == set(before)

    @pytest.mark.parametrize("there", [False, True])
    def test_whatever_ends_it_there_is_a_whole_workspace_or_none(
        self, tmp_path: Path, there: bool
    ) -> None:
        ended = subprocess.run(
            [sys.executable, "-c", ENDED_AT, str(tmp_path), str(there)],
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, ended.stderr
        assert int(ended.stdout) >= 4
        shipped = {path.name for path in bundled_workspace().baskets.glob("*.toml")}
        whole = 0
        for target in sorted(tmp_path.glob("ws*/in")):
            if (target / "baskets").exists():
                whole += 1
            else:
                init_workspace(target)
            assert {path.name for path in (target / "baskets").iterdir()} == shipped
            assert len(list((target / "seeds").iterdir())) == 5
            assert not list(target.parent.rglob(".screener-init-*"))
        assert whole > 0


ENDED_AT = """
import os, sys
from pathlib import Path
from screener.workflows.report.catalog import init_workspace

left = 0


def ended(change):
    def call(self, *values, **named):
        global left
        if self.name in ("baskets", "seeds", ".gitignore") or ".screener-init" in self.name:
            if left == 0:
                os._exit(9)
            left -= 1
        return change(self, *values, **named)
    return call


Path.replace = ended(Path.replace)
Path.mkdir = ended(Path.mkdir)
for places in range(100):
    target = Path(sys.argv[1]) / f"ws{places}" / "in"
    (target if sys.argv[2] == "True" else target.parent).mkdir(parents=True)
    left = places
    child = os.fork()
    if child == 0:
        init_workspace(target)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(places)
"""


class TestReports:
    def test_by_id_in_any_case_and_by_prefix(self, workspace: Workspace) -> None:
        assert get_report(workspace, "r2").id == "R2"
        (workspace.seeds / "R3.toml").rename(workspace.seeds / "x.toml")
        text = (workspace.seeds / "x.toml").read_text(encoding="utf-8")
        (workspace.seeds / "x.toml").write_text(
            text.replace('id = "R3"', 'id = "weekly-24"', 1), encoding="utf-8"
        )
        assert get_report(workspace, "week").id == "weekly-24"

    def test_an_ambiguous_prefix(self, workspace: Workspace) -> None:
        with pytest.raises(AmbiguousMention, match=r"'R' .* 5 report ids.*R1, R2.*whole id"):
            get_report(workspace, "R")

    @pytest.mark.parametrize("text", ["R9", "", "  ", "zebra"])
    def test_unknown(self, workspace: Workspace, text: str) -> None:
        with pytest.raises(ReportNotFound, match=r"no report .*R1.*screener report list") as caught:
            get_report(workspace, text)
        assert caught.value.exit_code == 3

    def test_no_cards(self, tmp_path: Path) -> None:
        (tmp_path / "baskets").mkdir()
        empty = Workspace(root=tmp_path)
        assert list_reports(empty) == ()
        with pytest.raises(ReportNotFound, match="the workspace has no report cards"):
            get_report(empty, "R1")


class TestBaskets:
    def test_the_nine_that_ship_and_the_reports_that_feed_them(self) -> None:
        found = {
            basket.name: {event.report: len(event.members) for event in events}
            for basket, events in basket_events(Workspace(root=ROOT))
        }
        assert found == {
            "compute-leasing": {"R2": 11, "R5": 3, "R1": 2},
            "copper": {"R1": 4},
            "inp-substrates": {"R1": 2},
            "crossover-appliance": {"R1": 6},
            "cloud-services": {"R2": 7},
            "large-models": {"R2": 2},
            "im-gateways": {"R2": 2},
            "compute-hardware": {"R2": 5},
            "domestic-compute": {"R4": 27},
        }

    def test_names_in_order_each_once(self, workspace: Workspace) -> None:
        found = basket_events(workspace, ["copper", "Cloud-Services", "copper"])
        assert [basket.name for basket, _ in found] == ["copper", "cloud-services"]

    def test_one_report_of_a_basket(self, workspace: Workspace) -> None:
        ((basket, events),) = basket_events(workspace, ["compute-leasing"], "r5")
        assert (basket.name, [event.report for event in events]) == ("compute-leasing", ["R5"])

    def test_every_basket_that_a_report_feeds(self, workspace: Workspace) -> None:
        found = basket_events(workspace, None, "R1")
        assert [basket.name for basket, _ in found] == [
            "compute-leasing",
            "copper",
            "crossover-appliance",
            "inp-substrates",
        ]

    @pytest.mark.parametrize("names", [["copper"], ["copper", "compute-leasing"], None])
    def test_a_report_that_feeds_none_of_them(
        self, workspace: Workspace, names: list[str] | None
    ) -> None:
        report = "R3" if names is None else "R5"
        with pytest.raises(ReportNotFound, match=rf"{report} feeds no event of .*copper.*themes"):
            basket_events(workspace, names, report)

    def test_unknown(self, workspace: Workspace) -> None:
        with pytest.raises(BasketNotFound, match=r"no basket 'coper'.*near: copper") as caught:
            basket_events(workspace, ["coper"])
        assert caught.value.exit_code == 3

    @pytest.mark.parametrize("title", ["铜", "Copper", " COPPER "])
    def test_a_basket_by_its_title(self, workspace: Workspace, title: str) -> None:
        assert [*basket_events(workspace, [title])] == [*basket_events(workspace, ["copper"])]

    def test_a_title_of_two_baskets(self, workspace: Workspace) -> None:
        file = workspace.baskets / "copper.toml"
        text = file.read_text(encoding="utf-8").replace('name = "copper"', 'name = "copper-2"')
        (workspace.baskets / "copper-2.toml").write_text(text, encoding="utf-8")
        with pytest.raises(AmbiguousMention, match=r"2 baskets are called 铜.*copper, copper-2"):
            basket_events(workspace, ["铜"])
        assert [basket.name for basket, _ in basket_events(workspace, ["copper"])] == ["copper"]

    def test_a_new_card_with_a_known_theme_is_picked_up(self, workspace: Workspace) -> None:
        text = (workspace.seeds / "R5.toml").read_text(encoding="utf-8")
        (workspace.seeds / "R6.toml").write_text(
            text.replace('id = "R5"', 'id = "R6"', 1), encoding="utf-8"
        )
        ((_, events),) = basket_events(workspace, ["compute-leasing"], "R6")
        assert [event.report for event in events] == ["R6"]

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ('name = "b"', "nothing feeds the basket"),
            ('name = "c"\nthemes = ["x"]', "name = 'c' is not the name of its file"),
            ('name = "b"\nthemes = ["x"]\nweighting = "half"', "weighting = 'half'"),
            ('name = "b"\nthemes = ["x"]\nweighting = "custom"', "a report gives no weights"),
            ('name = "b"\nthemes = ["x"]\nbenchmark = "300"', "benchmark: .*'300'"),
            ('name = "b"\nthemes = ["x"]\ntheme = "y"', "unknown key theme = 'y'"),
            (
                'name = "b"\n[[events]]\npublished = 2026-05-14\nlistings = []',
                r"events\[1\]\.listings",
            ),
            (
                'name = "b"\n[[events]]\npublished = 2026-05-14\n'
                'listings = ["300857.SZ", "300857.SZ"]',
                "300857.SZ is given 2 times",
            ),
            (
                'name = "b"\n[[events]]\npublished = 2026-05-14\n'
                'listings = ["300857.SZ"]\nweights = [1]',
                "has weights and weighting = 'equal'",
            ),
            (
                'name = "b"\nweighting = "custom"\n[[events]]\npublished = 2026-05-14\n'
                'listings = ["300857.SZ"]',
                "has no weights",
            ),
            (
                'name = "b"\nweighting = "custom"\n[[events]]\npublished = 2026-05-14\n'
                'listings = ["300857.SZ"]\nweights = [1, 2]',
                "2 weights for 1 listings",
            ),
            (
                'name = "b"\nweighting = "custom"\n[[events]]\npublished = 2026-05-14\n'
                'listings = ["300857.SZ"]\nweights = [-1]',
                r"events\[1\]\.weights\[1\] = -1",
            ),
            (
                'name = "b"\n[[events]]\npublished = 2026-05-14T09:00:00\nlistings = ["300857.SZ"]',
                "has no zone",
            ),
        ],
    )
    def test_a_basket_file_that_breaks_a_rule(self, tmp_path: Path, text: str, what: str) -> None:
        path = tmp_path / "baskets" / "b.toml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BasketDefinitionError, match=what) as caught:
            read_basket(path, root=tmp_path)
        assert caught.value.where.startswith("baskets/b.toml")
        assert caught.value.fix


class TestNewBasket:
    def test_equal_weights_and_a_day(self, workspace: Workspace) -> None:
        basket, path = new_basket(
            workspace,
            name="mine",
            listings=codes("sz300857", "700.HK", "510300"),
            published=date(2026, 5, 14),
            now=NOW,
            title_zh='我的"篮子"',
        )
        assert path == workspace.baskets / "mine.toml"
        assert _unnamed(basket) == _unnamed(read_basket(path, root=workspace.root))
        ((_, (event,)),) = basket_events(workspace, ["mine"])
        assert [member.listing.id for member in event.members] == [
            "300857.SZ",
            "00700.HK",
            "510300.SH",
        ]
        assert [member.name for member in event.members] == ["协创数据", "腾讯控股", ""]
        assert (event.report, event.published.precision) == ("", Precision.DAY)
        assert event.weighting is Weighting.EQUAL
        assert basket.title_zh == '我的"篮子"'

    def test_own_weights_and_a_time(self, workspace: Workspace) -> None:
        moment = datetime(2026, 5, 14, 19, 48, tzinfo=CHINA)
        new_basket(
            workspace,
            name="mine",
            listings=codes("300857.SZ", "603629.SH"),
            published=moment,
            now=NOW,
            weights=(0.7, 0.3),
        )
        ((_, (event,)),) = basket_events(workspace, ["mine"])
        assert event.published.value == moment
        assert event.published.precision is Precision.EXACT
        assert [member.weight for member in event.members] == [0.7, 0.3]

    @pytest.mark.parametrize(
        ("change", "error", "match"),
        [
            ({"name": "Mine"}, BasketDefinitionError, "'Mine' is not allowed"),
            ({"name": "../mine"}, BasketDefinitionError, "not allowed.*liquid-cooling"),
            ({"name": "mine\n"}, BasketDefinitionError, "not allowed"),
            ({"name": ""}, BasketDefinitionError, "not allowed"),
            ({"name": "copper"}, BasketDefinitionError, "exists already.*baskets/copper.toml"),
            ({"listings": ()}, BasketDefinitionError, "has no names"),
            ({"listings": codes("300857", "300857")}, BasketDefinitionError, "more than once"),
            ({"listings": codes("000300.SH")}, BasketDefinitionError, "is an index"),
            ({"weights": (1.0, 2.0)}, BasketDefinitionError, "2 weights for 1 listings"),
            ({"weights": (-1.0,)}, BasketDefinitionError, "positive weight"),
            ({"weights": (float("nan"),)}, BasketDefinitionError, "positive weight"),
            ({"published": date(2026, 6, 2)}, DateRangeError, "2026-06-02 is in the future"),
            (
                {"published": datetime(2026, 6, 1, 0, 1, tzinfo=UTC)},
                DateRangeError,
                "in the future",
            ),
            ({"published": datetime(2026, 5, 1)}, BasketDefinitionError, "has no zone"),  # noqa: DTZ001
        ],
    )
    def test_refused_and_nothing_written(
        self,
        workspace: Workspace,
        change: dict[str, object],
        error: type[Exception],
        match: str,
    ) -> None:
        before = snapshot(workspace.root)
        arguments: dict[str, object] = {
            "name": "mine",
            "listings": codes("300857.SZ"),
            "published": date(2026, 5, 14),
            "now": NOW,
        }
        with pytest.raises(error, match=match):
            new_basket(workspace, **{**arguments, **change})  # type: ignore[arg-type]
        assert snapshot(workspace.root) == before

    def test_today_in_shanghai_is_not_the_future(self, workspace: Workspace) -> None:
        late = datetime(2026, 5, 31, 17, tzinfo=UTC)  # 1 June in Shanghai
        new_basket(
            workspace,
            name="mine",
            listings=codes("300857.SZ"),
            published=date(2026, 6, 1),
            now=late,
        )
        assert (workspace.baskets / "mine.toml").exists()

    def test_a_full_disk_leaves_nothing(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = snapshot(workspace.root)

        def full(_draft: Path, _path: Path) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(putting, "_link", full)
        with pytest.raises(StorageFull):
            _make(workspace)
        assert snapshot(workspace.root) == before

    def test_a_file_system_without_hard_links(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(source: Path, target: Path) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
        _make(workspace)
        before = snapshot(workspace.root)
        with pytest.raises(BasketDefinitionError, match="exists already"):
            _make(workspace)
        assert snapshot(workspace.root) == before
        assert [basket.name for basket in read_baskets(workspace)].count("mine") == 1

    def test_a_folder_that_is_gone(self, workspace: Workspace) -> None:
        shutil.rmtree(workspace.baskets)
        with pytest.raises(StorageError, match="No such file"):
            _make(workspace)


def _make(workspace: Workspace) -> None:
    new_basket(
        workspace,
        name="mine",
        listings=codes("300857.SZ"),
        published=date(2026, 5, 14),
        now=NOW,
    )


def _unnamed(basket: Basket) -> tuple[object, ...]:
    events = [
        (event.published, [(member.listing, member.weight) for member in event.members])
        for event in basket.own_events
    ]
    return (basket.name, basket.title_zh, basket.title_en, basket.weighting, events)
