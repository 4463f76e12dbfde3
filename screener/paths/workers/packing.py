"""Work as it is sent to other machines: pickled, the arrays in it compressed.

Panels compress well: most of what they hold is 0, 1 or the value of the session before.
"""

from __future__ import annotations

import pickle
from typing import Generic, TypeVar

__all__ = ["Packed"]

ThingT = TypeVar("ThingT")

_CODEC = "zstd"


class Packed(Generic[ThingT]):
    """A thing that is sent, and made again once wherever it comes to.

    Parameters
    ----------
    thing
        What can be pickled; arrays in it can only be read where they come to.
    """

    def __init__(self, thing: ThingT) -> None:
        arrays: list[pickle.PickleBuffer] = []
        self._pickled = pickle.dumps(thing, protocol=5, buffer_callback=arrays.append)
        self._arrays = [_compressed(array.raw()) for array in arrays]

    def __getstate__(self) -> object:
        return self._pickled, self._arrays

    def __setstate__(self, state: tuple[bytes, list[tuple[int, bytes]]]) -> None:
        self._pickled, self._arrays = state

    def thing(self) -> ThingT:
        """Return the thing, always the same one."""
        if not hasattr(self, "_thing"):
            import pyarrow as pa

            arrays = [pa.decompress(held, n, codec=_CODEC) for n, held in self._arrays]
            self._thing: ThingT = pickle.loads(self._pickled, buffers=arrays)  # noqa: S301
        return self._thing


def _compressed(array: memoryview) -> tuple[int, bytes]:
    import pyarrow as pa

    return array.nbytes, pa.compress(array, codec=_CODEC, asbytes=True)
