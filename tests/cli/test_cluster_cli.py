"""Work shared among the workers of a cluster behind TLS: the same bits, and what goes wrong told.

Two workers on this machine, whose scheduler is reached over the loopback interface alone.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import screener
from screener.api import Workspace
from screener.backtest import run as backtest_run
from screener.cli.main import app
from screener.errors import ClusterFailed, ConfigError, InputError
from screener.language import Language, say, speaking
from screener.paths.workers import cluster as cluster_module
from screener.paths.workers.cluster import Cluster, check_cluster, on_cluster
from screener.paths.workers.packing import Packed
from screener.paths.workers.parallel import each, mapped
from tests.support.clusters import certificates, local_cluster
from tests.support.soaking import soaked

_PARTS = range(12)
_NOBODY = "tls://127.0.0.1:9"

loopback = pytest.mark.allow_hosts(["127.0.0.1"])


def enter(address: str) -> None:
    with on_cluster(address):
        pass


def ended_once(folder: Path, part: int) -> int:
    """End the worker that comes to part 3 first."""
    try:
        (folder / str(part)).touch(exist_ok=False)
    except FileExistsError:
        return part * 2
    if part == 3:
        os._exit(1)
    return part * 2


def ended_always(part: int) -> int:
    if part == 3:
        os._exit(1)
    return part


def wrong(part: int) -> int:
    raise InputError(f"part {part}", where="there", fix="mend it")


def said(part: int) -> str:
    return f"{part} {say('the cluster has no worker')}"


@pytest.mark.parametrize("address", ["tcp://desk:8786", "desk:8786", "ws://desk:8786", ""])
def test_nothing_but_tls_is_taken(address: str) -> None:
    with pytest.raises(InputError, match="whoever reaches a scheduler runs programs"):
        check_cluster(address)


@pytest.mark.parametrize("address", ["tls://desk", "tls://", "tls://a b:1", "tls://u:p@desk:1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="is no address of a scheduler"):
        check_cluster(address)


@pytest.mark.parametrize("address", ["tls://desk:8786", "tls://10.0.0.1:8786", "tls://[::1]:8786"])
def test_addresses_behind_tls_are_taken(address: str) -> None:
    assert check_cluster(address) == address


def test_the_package_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster_module._library.cache_clear()
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"optional package.*screener\[cluster\]"):
        enter(_NOBODY)


def test_what_is_sent_comes_as_it_was_and_smaller() -> None:
    matrix = np.arange(200_000.0).reshape(400, -1) // 100
    held = {"one": matrix, "other": matrix, "turned": matrix.T, "few": np.array([np.nan, -0.0])}
    sent = pickle.dumps(Packed(held))
    assert len(sent) < matrix.nbytes / 20
    come = pickle.loads(sent)
    for name, array in held.items():
        found = come.thing()[name]
        assert found.tobytes() == array.tobytes()
        assert (found.dtype, found.strides) == (array.dtype, array.strides)
    assert come.thing()["one"] is come.thing()["other"]


@pytest.fixture
def desk(shared_demo: Path) -> Workspace:
    return screener.open(shared_demo)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with local_cluster() as found:
        yield found.scheduler_address


def frames(found: Any) -> list[pd.DataFrame]:
    return [found.returns, found.orders, found.names, found.paths, found.shortfall]


@loopback
@soaked
def test_a_backtest_has_the_bits_of_one_process(
    scheduler: str, desk: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtest_run, "_LEAST_EVENTS", 1)
    shared: list[int] = []
    by_workers = Cluster.each

    def watched(self: Cluster, work: Any, parts: Any) -> Any:
        shared.append(len(parts))
        return by_workers(self, work, parts)

    monkeypatch.setattr(Cluster, "each", watched)
    one = desk.backtest(hold=(5, 20), jobs=1)
    assert not shared
    many = desk.backtest(hold=(5, 20), cluster=scheduler)
    assert shared
    assert min(shared) > 1
    for own, other in zip(frames(one), frames(many), strict=True):
        pd.testing.assert_frame_equal(own, other, check_exact=True)
    assert [run.run_id for run in one.runs] == [run.run_id for run in many.runs]


@loopback
@soaked
def test_a_comparison_with_random_baskets_has_the_bits_of_one_process(
    scheduler: str, desk: Workspace
) -> None:
    asked: dict[str, Any] = {"placebo": 200, "hold": (5, 20)}
    one = desk.study(["compute-leasing"], jobs=1, **asked)
    many = desk.study(["compute-leasing"], cluster=scheduler, **asked)
    assert one.beside is not None
    assert many.beside is not None
    for left, right in zip(one.beside.placebo.results, many.beside.placebo.results, strict=True):
        assert left.placebo is not None
        assert right.placebo is not None
        assert left.placebo.returns.tobytes() == right.placebo.returns.tobytes()
        assert left.dates == right.dates or left.dates is None


@loopback
@soaked
def test_rows_written_as_they_come_are_those_of_one_process(
    scheduler: str, desk: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtest_run, "_LEAST_EVENTS", 1)
    one = desk.backtest_to(tmp_path / "one", hold=(5, 20), jobs=1)
    many = desk.backtest_to(tmp_path / "many", hold=(5, 20), cluster=scheduler)
    assert one.run_ids == many.run_ids
    for name in ("returns", "orders", "metrics", "shortfall"):
        own, other = (pq.read_table(tmp_path / at / f"{name}.parquet") for at in ("one", "many"))
        assert own.equals(other), name  # whose row groups are those of their pieces


@loopback
@soaked
def test_a_calibration_has_the_numbers_of_one_process(scheduler: str, desk: Workspace) -> None:
    one = desk.study(["compute-leasing"], calibrate=20, jobs=1)
    many = desk.study(["compute-leasing"], calibrate=20, cluster=scheduler)
    assert one.calibrated is not None
    assert many.calibrated is not None
    assert one.calibrated.found.rejections == many.calibrated.found.rejections


@loopback
@soaked
def test_workers_speak_the_language_of_who_asks(scheduler: str) -> None:
    with speaking(Language.ZH), on_cluster(scheduler):
        found = mapped(said, _PARTS, jobs=1)
        assert found == [said(part) for part in _PARTS]
    with speaking(Language.EN), on_cluster(scheduler):
        assert mapped(said, _PARTS, jobs=1)[3] == "3 the cluster has no worker"


@loopback
@soaked
def test_an_error_of_a_part_is_told_whole(scheduler: str) -> None:
    with on_cluster(scheduler), pytest.raises(InputError) as caught:
        mapped(wrong, _PARTS, jobs=1)
    assert str(caught.value) == "part 0 / there / mend it"


@loopback
@soaked
def test_no_more_is_sent_ahead_than_some_parts_for_each_worker(
    scheduler: str, tmp_path: Path
) -> None:
    with on_cluster(scheduler):
        for one in each(partial(noted, tmp_path), range(40), jobs=1):
            if one == 10:
                break
    assert 11 <= len(list(tmp_path.iterdir())) <= 11 + 2 * 2 + 1


def noted(folder: Path, part: int) -> int:
    (folder / str(part)).touch()
    return part


@loopback
@soaked
def test_workers_of_another_version_are_refused(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = cluster_module._stamp()["screener"]
    cluster_module._stamp.cache_clear()
    monkeypatch.setattr(cluster_module, "program_digest", lambda: "of this program")
    try:
        with pytest.raises(ClusterFailed, match=rf"tls://.*: screener {there} \(of this prog"):
            enter(scheduler)
    finally:
        cluster_module._stamp.cache_clear()


def test_a_worker_that_joins_later_is_held_to_the_version_too() -> None:
    own = cluster_module._stamp()
    assert cluster_module._done(own, Packed(abs), -3) == 3
    with pytest.raises(ClusterFailed, match="worker of another version joined"):
        cluster_module._done({**own, "screener": "other"}, Packed(abs), -3)


@loopback
@soaked
def test_a_worker_that_ends_once_costs_time_only(scheduler: str, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    (tmp_path / "one").mkdir()
    with on_cluster(scheduler):
        found = mapped(partial(ended_once, tmp_path / "many"), _PARTS, jobs=1)
    with local_cluster(1) as own, on_cluster(own.scheduler_address):  # nobody else has the work
        alone = mapped(partial(ended_once, tmp_path / "one"), _PARTS, jobs=1)
    assert found == alone == [part * 2 for part in _PARTS]


@loopback
@soaked
def test_a_part_that_ends_every_worker_is_told(scheduler: str) -> None:
    match = r"ended before a part was done, [24] times"
    with on_cluster(scheduler), pytest.raises(ClusterFailed, match=match):
        mapped(ended_always, _PARTS, jobs=1)


@loopback
@soaked
def test_a_cluster_without_a_worker_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "_PATIENCE", 0.5)
    with local_cluster(0) as own, pytest.raises(ClusterFailed, match="has no worker"):
        enter(own.scheduler_address)


@loopback
@soaked
def test_who_cannot_be_reached_or_is_not_trusted_is_told(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask

    monkeypatch.setattr(cluster_module, "_PATIENCE", 0.5)
    strange = certificates()
    for address in (_NOBODY, scheduler):  # the second asks for a certificate of its own authority
        with dask.config.set(strange), pytest.raises(ClusterFailed, match="cannot be reached"):
            enter(address)


@soaked
def test_certificates_must_be_named() -> None:
    dask = pytest.importorskip("dask", reason="distributed is not installed")
    none = dict.fromkeys(("distributed.comm.tls.ca-file", "distributed.comm.tls.client.cert"), None)
    with dask.config.set(none), pytest.raises(ConfigError, match="names no certificates") as caught:
        enter(_NOBODY)
    assert "DASK_DISTRIBUTED__COMM__TLS__CA_FILE" in caught.value.fix


def test_it_is_shared_here_or_there(desk: Workspace) -> None:
    with pytest.raises(InputError, match="on this machine, or by --cluster"):
        desk.backtest(jobs=2, cluster=_NOBODY)


def test_a_command_refuses_what_is_not_behind_tls(shared_demo: Path) -> None:
    done = typed("backtest", "copper", "--cluster", "tcp://desk:8786", "--workspace", shared_demo)
    assert done.exit_code == InputError.exit_code
    assert "tls://HOST:8786" in done.output


def test_what_is_typed_goes_before_the_setting(
    shared_demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCREENER_CLUSTER", "tcp://desk:8786")
    refused = typed("backtest", "copper", "--hold", 5, "--workspace", shared_demo)
    assert refused.exit_code == ConfigError.exit_code
    monkeypatch.setenv("SCREENER_CLUSTER", _NOBODY)
    here = typed("backtest", "copper", "--hold", 5, "--jobs", 1, "--workspace", shared_demo)
    assert here.exit_code == 0, here.output
    both = typed(
        *("backtest", "copper", "--jobs", 2, "--cluster", _NOBODY, "--workspace", shared_demo)
    )
    assert both.exit_code == InputError.exit_code


def typed(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(item) for item in arguments], env={"COLUMNS": "200"})
