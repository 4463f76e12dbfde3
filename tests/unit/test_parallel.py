"""Parts shared among workers: the same numbers, whatever engine is chosen around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import joblib
import numpy as np
import pytest

from screener.errors import InputError
from screener.paths.parallel import mapped

_PARTS = range(12)


@contextmanager
def _dask() -> Iterator[None]:
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as own,
        distributed.Client(own),
        joblib.parallel_config(backend="dask"),
    ):
        yield


ENGINES = {
    "none": nullcontext,
    "threading": lambda: joblib.parallel_config(backend="threading"),
    "loky": lambda: joblib.parallel_config(backend="loky"),
    "dask": _dask,
}


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_threads_fill_the_array_that_they_share(engine: str) -> None:
    filled = np.zeros(len(_PARTS))

    def work(part: int) -> None:
        filled[part] = part**2

    with ENGINES[engine]():
        mapped(work, _PARTS, jobs=2, threads=True)
    assert filled.tolist() == [part**2 for part in _PARTS]


@pytest.mark.parametrize("engine", ["none", "threading", "loky"])
def test_processes_return_what_they_found_in_order(engine: str) -> None:
    with ENGINES[engine]():
        assert mapped(abs, range(-5, 0), jobs=2) == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("jobs", [0, -2])
def test_no_number_of_workers_is_refused(jobs: int) -> None:
    with pytest.raises(InputError, match=f"--jobs {jobs} is no number of workers"):
        mapped(abs, range(3), jobs=jobs)
