"""Whether this machine has a way out at all: asked of many hosts at once, before any is blamed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from time import monotonic

from screener.errors import NetworkDown
from screener.language import say

__all__ = ["Network", "reach"]

_SECONDS = 5.0


def reach(host: str) -> None:
    """Find the address of a host and a route to it; nothing is sent to it.

    Raises
    ------
    OSError
        If its name is not resolved, or no network leads to its address.
    """
    kind, _, _, _, address = socket.getaddrinfo(host, 443, type=socket.SOCK_DGRAM)[0]
    with socket.socket(kind, socket.SOCK_DGRAM) as probe:
        probe.connect(address)  # of a datagram: it looks up the route alone


class Network:
    """The way out of this machine.

    Parameters
    ----------
    hosts
        Hosts of different owners: that none of them is found is no fault of theirs.
    reach
        Raises `OSError` where a host cannot be found from here.
    seconds
        After so long without an answer there is none.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        reach: Callable[[str], None] = reach,
        seconds: float = _SECONDS,
    ) -> None:
        self._hosts = tuple(dict.fromkeys(hosts))
        self._reach = reach
        self._seconds = seconds
        self._proved = False

    def check(self) -> None:
        """Make sure, once, that there is a way out.

        Raises
        ------
        NetworkDown
            If none of the hosts is found.
        """
        if not self._proved:
            self.check_again()

    def check_again(self) -> None:
        """Make sure that there is a way out now, as `check` does: a host could not be found."""
        answers: SimpleQueue[OSError | None] = SimpleQueue()
        for host in self._hosts:
            # Daemons, since a name server that keeps silent holds them for long.
            threading.Thread(target=self._try, args=(host, answers), daemon=True).start()
        deadline = monotonic() + self._seconds
        why = say("no name server answers")
        for _ in self._hosts:
            try:
                answer = answers.get(timeout=max(deadline - monotonic(), 0))
            except Empty:
                break
            if answer is None:
                self._proved = True
                return
            why = answer.strerror or type(answer).__name__
        raise NetworkDown(
            say(
                "this machine has no way to the network: none of {n} hosts is found ({why}), "
                "so nobody was asked",
                n=len(self._hosts),
                why=why,
            ),
            fix=say("connect this machine to the network, then type the command again"),
        )

    def _try(self, host: str, answers: SimpleQueue[OSError | None]) -> None:
        try:
            self._reach(host)
        except OSError as error:
            answers.put(error)
        else:
            answers.put(None)
