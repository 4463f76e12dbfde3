"""The network replaced where every request leaves: `HTTPAdapter.send`. Unknown addresses fail."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import requests
import requests.adapters


@dataclass(frozen=True)
class Sent:
    """A request as it left: method, address, query, form body, timeout."""

    method: str
    url: str
    query: dict[str, str]
    body: str
    timeout: Any

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


Answer = Callable[[Sent], Any]
"""Gives text, bytes, JSON (dict or list), `(status, any of these)`, or raises."""


@dataclass
class Router:
    """Answers by a part of the address; the route added last wins."""

    routes: list[tuple[str, Answer]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def add(self, fragment: str, answer: Any) -> Router:
        """Answer addresses that hold `fragment`: a callable, a value, or an exception to raise."""
        self.routes.append((fragment, answer if callable(answer) else _constant(answer)))
        return self

    def send(self, request: requests.PreparedRequest, timeout: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        body = request.body or ""
        sent = Sent(
            method=str(request.method),
            url=str(request.url),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            body=body.decode() if isinstance(body, bytes) else str(body),
            timeout=timeout,
        )
        self.sent.append(sent)
        for fragment, answer in reversed(self.routes):
            if fragment in sent.url:
                return _response(answer(sent), request)
        raise requests.exceptions.ConnectionError(f"no route for {sent.url}", request=request)


def _constant(value: Any) -> Answer:
    def answer(_: Sent) -> Any:
        if isinstance(value, BaseException):
            raise value
        return value

    return answer


def _response(reply: Any, request: requests.PreparedRequest) -> requests.Response:
    status = 200
    if isinstance(reply, tuple):
        status, reply = reply
    if isinstance(reply, dict | list):
        reply = json.dumps(reply, ensure_ascii=False)
    content = reply.encode() if isinstance(reply, str) else reply
    response = requests.Response()
    response.status_code = status
    response.url = str(request.url)
    response.request = request
    response.encoding = "utf-8"
    response.raw = io.BytesIO(content)
    response._content = content
    return response


@contextlib.contextmanager
def offline(router: Router) -> Iterator[Router]:
    """Send every request of the process to the router."""

    def send(_: Any, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        return router.send(request, options.get("timeout"))

    with mock.patch.object(requests.adapters.HTTPAdapter, "send", send):
        yield router
