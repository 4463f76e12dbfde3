"""An object store on loopback, as a process: told by lines on its input what to refuse.

Run as a program it says its port and a free one, then answers each line with `done`: `refuse` and
`allow` all requests, `drop` the bucket until it is allowed again, `rot NAME` flips a byte of an
object, `remove NAME`, `copy FROM TO` all objects whose names begin so, `names` lists all.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

BUCKET = "desk"
_ANSWERS = {
    "refuse": ("403 Forbidden", "AccessDenied", "Access Denied"),
    "drop": ("404 Not Found", "NoSuchBucket", "The specified bucket does not exist"),
}


class Guarded:
    """The store's application, which may refuse everything."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.word = "allow"
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self.word == "allow":
            return self._application(environ, start_response)
        status, code, message = _ANSWERS[self.word]
        start_response(status, [("Content-Type", "application/xml")])
        text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return [f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()]


def main() -> None:
    import logging

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.s3.models import s3_backends
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    guarded = Guarded(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, guarded, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        print(server.server_port, free.getsockname()[1], flush=True)
    backend = s3_backends["123456789012"]["aws"]
    backend.create_bucket(BUCKET, "us-east-1")
    for line in sys.stdin:
        word, _, name = line.strip().partition(" ")
        if word in ("allow", *_ANSWERS):
            guarded.word = word
        elif word == "remove":
            backend.buckets[BUCKET].keys.pop(name)
        elif word == "copy":
            start, target = name.split(" ")
            for key, held in list(backend.buckets[BUCKET].keys.items()):
                if key.startswith(start):
                    backend.put_object(BUCKET, target + key.removeprefix(start), held.value)
        elif word == "rot":
            held = backend.buckets[BUCKET].keys[name].value
            at = len(held) // 2
            changed = held[:at] + bytes([held[at] ^ 1]) + held[at + 1 :]
            backend.put_object(BUCKET, name, changed)
        elif word == "names":
            print(*(key for key in backend.buckets[BUCKET].keys.keys()))  # noqa: SIM118
        print("done", flush=True)


if __name__ == "__main__":
    main()
