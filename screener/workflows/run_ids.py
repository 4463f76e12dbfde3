"""The id of a run: of its kind, its settings, the program, and the content of the data it read."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from screener.data.lake.schema import SIMULATED
from screener.data.lake.store import Store
from screener.workspace.plain import plain_of

__all__ = ["run_id"]


def run_id(kind: str, request: Any, store: Store, program_version: str, *, simulated: bool) -> str:
    """Return the id of a run.

    Equal data give equal ids in any lake, and different data never share one.

    Parameters
    ----------
    kind
        What the run is, such as `study`.
    request
        Its settings, a dataclass.
    store
        The lake at the data version that was read.
    program_version
        Version of the program.
    simulated
        Whether the data are simulated, which the id says.
    """
    inputs = [kind, plain_of(request), store.content().digest, program_version]
    content = json.dumps(inputs, default=str, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    return f"{SIMULATED}-{digest}" if simulated else digest
