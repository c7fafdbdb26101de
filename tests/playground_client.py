"""A playground server in this process, and raw requests to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

from fastmlp.playground._server import Server


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def request(
    server: Server, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; a header is named as `X_Token`, and left out where it is ""."""
    given = {"Host": f"127.0.0.1:{server.server_port}", "X-Token": server.token}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host=True)
        if body is not None:
            given.setdefault("Content-Length", str(len(body)))
        for name, value in given.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def post(server: Server, path: str, message: object, **headers: str) -> tuple[int, Any]:
    """Status and answer, from JSON where it is."""
    status, kinds, body = request(server, "POST", path, json.dumps(message).encode(), **headers)
    return status, json.loads(body) if kinds["Content-Type"] == "application/json" else body


def new_session(server: Server, text: str = "seed=1") -> str:
    status, told = post(server, "/session", {"hash": text})
    assert status == 200, told
    return str(told["session"])
