"""A Dask cluster behind TLS on this machine, its certificates made for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

__all__ = ["certificates", "local_cluster"]


def certificates() -> Mapping[str, str]:
    """Return keys of Dask's configuration that name new certificates for everybody."""
    from distributed import Security

    made = Security.temporary()
    return {
        "distributed.comm.tls.ca-file": made.tls_ca_file,
        **{
            f"distributed.comm.tls.{role}.{part}": getattr(made, f"tls_{role}_{part}")
            for role in ("client", "scheduler", "worker")
            for part in ("cert", "key")
        },
    }


@contextmanager
def local_cluster(workers: int = 2) -> Iterator[Any]:
    """Give a cluster whose scheduler and clients know each other by new certificates."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    import dask

    with dask.config.set({**certificates(), "distributed.scheduler.allowed-failures": 1}):
        security = distributed.Security(require_encryption=True)
        with distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            protocol="tls://",
            security=security,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            host="127.0.0.1",
        ) as found:
            yield found
