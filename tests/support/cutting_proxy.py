"""A way to a server on loopback that loses the answer to the commit of a version.

Run as a program with the server's port it says its own. Told `cut` it passes on the next commit
that follows a new version, waits for the server's answer and drops it with the connection.
"""

from __future__ import annotations

import socket
import sys
import threading

_VERSION = b'INSERT INTO "public".ducklake_snapshot '
_COMMIT = b"COMMIT"


class Proxy:
    """Passes bytes between clients and one server."""

    def __init__(self, port: int) -> None:
        self.cuts = False
        self._port = port
        self._open = socket.create_server(("127.0.0.1", 0))
        self.port = self._open.getsockname()[1]

    def serve(self) -> None:
        while True:
            client, _ = self._open.accept()
            server = socket.create_connection(("127.0.0.1", self._port))
            lost = threading.Event()
            for job in (
                (self._to_server, client, server, lost),
                (self._back, server, client, lost),
            ):
                threading.Thread(target=job[0], args=job[1:], daemon=True).start()

    def _to_server(
        self, client: socket.socket, server: socket.socket, lost: threading.Event
    ) -> None:
        made = False
        while part := _received(client):
            made = made or _VERSION in part
            if made and _COMMIT in part and self.cuts:
                self.cuts = False
                lost.set()
            server.sendall(part)
        server.close()

    def _back(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        while part := _received(server):
            if lost.is_set():
                break
            client.sendall(part)
        client.shutdown(socket.SHUT_RDWR)


def _received(link: socket.socket) -> bytes:
    try:
        return link.recv(1 << 16)
    except OSError:
        return b""


def main() -> None:
    proxy = Proxy(int(sys.argv[1]))
    threading.Thread(target=proxy.serve, daemon=True).start()
    print(proxy.port, flush=True)
    for line in sys.stdin:
        if line.strip() == "cut":
            proxy.cuts = True
        else:
            print("spent" if not proxy.cuts else "armed", flush=True)
            continue
        print("done", flush=True)


if __name__ == "__main__":
    main()
