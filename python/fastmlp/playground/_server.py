"""The HTTP server of the playground: for this machine alone, with a token."""

from __future__ import annotations

import contextlib
import http.server
import json
import secrets
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastmlp._data.validation import check_int, value_error
from fastmlp.playground._choices import CHOICES
from fastmlp.playground._datasets import thumbnails
from fastmlp.playground._inside import MAX_SPECTRUM, MAX_SURFACE
from fastmlp.playground._json import encoded
from fastmlp.playground._session import Session

HOST = "127.0.0.1"
MAX_BODY = 1_000_000
MAX_SESSIONS = 8
IDLE_SECONDS = 15 * 60
N_PORTS = 20  # tried, from the one asked for
MAX_PORT = 65535
MAX_REST, REST_SECONDS = 64_000_000, 5.0  # of a body that is refused, to be passed over
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Refusal(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Server(http.server.ThreadingHTTPServer):
    """The playground at an address of this machine; all its sessions.

    Parameters
    ----------
    port : int
        0 for any that is free; where another is taken, the next free one.
    table : str, optional
        Data of the user's own, as CSV, with which all sessions begin.
    """

    daemon_threads = True
    request_queue_size = 32

    def __init__(self, port: int = 0, table: str | None = None) -> None:
        self._table = table
        self.token = secrets.token_urlsafe(16)
        self.sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._thumbnails = thumbnails()
        static = resources.files("fastmlp.playground") / "static"
        self.pages = {f"/{file.name}": file.read_bytes() for file in static.iterdir()}
        first = check_int(port, "port", min=0, max=MAX_PORT)
        for candidate in range(first, min(first + N_PORTS, MAX_PORT + 1) if first else 1):
            try:
                super().__init__((HOST, candidate), Handler)
                return
            except OSError as error:
                taken = error
        raise taken

    @property
    def hosts(self) -> set[str]:
        """What a request may call this server."""
        return {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def url(self) -> str:
        """The address of the page, with the token."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"

    def new_session(self, url: str) -> str:
        """Start a session; return its name."""
        session = Session(url, self._table)
        with self._lock:
            if len(self.sessions) >= MAX_SESSIONS:
                raise Refusal(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"{MAX_SESSIONS} playgrounds are open; close one of them",
                )
            name = secrets.token_urlsafe(8)
            self.sessions[name] = session
        return name

    def started(self, name: str) -> dict[str, Any]:
        """Return what a page needs at its start alone."""
        limits = {"surface": MAX_SURFACE, "spectrum": MAX_SPECTRUM}
        told = {"thumbnails": self._thumbnails, "choices": CHOICES, "limits": limits}
        return {"session": name, **told}

    def close_session(self, name: str) -> None:
        """Forget a session, and stop its training."""
        with self._lock:
            session = self.sessions.pop(name, None)
        if session is not None:
            session.close()

    def service_actions(self) -> None:
        """Close idle sessions; `serve_forever` calls this twice a second."""
        end = time.monotonic() - IDLE_SECONDS
        for name, session in list(self.sessions.items()):
            if session.last_used < end:
                self.close_session(name)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over connections that the browser has closed."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET of the page and its files, and POST of messages in JSON."""

    server: Server
    protocol_version = "HTTP/1.1"  # one connection for all frames
    timeout = 60  # seconds for which a connection may be silent
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Send the page, which needs the token, or one of its files."""
        self._answer(self._page)

    def do_POST(self) -> None:
        """Carry out a message."""
        self._answer(self._message)

    def _answer(self, make: Callable[[], tuple[str, bytes]]) -> None:
        try:
            self._check_source()
            kind, body = make()
            status = HTTPStatus.OK
        except Refusal as refusal:
            status, text = refusal.status, str(refusal)
        except (ValueError, TypeError) as error:  # what validators raise
            status, text = HTTPStatus.BAD_REQUEST, str(error)
        except Exception as error:
            self.log_error("%s", repr(error))
            status, text = HTTPStatus.INTERNAL_SERVER_ERROR, "the server met an error of its own"
        if status != HTTPStatus.OK:
            self.close_connection = True  # what is left of the body is no message
            kind, body = "application/json", encoded({"error": text})
        self._send(status, kind, body)
        if status != HTTPStatus.OK:
            self._pass_over_rest()

    def _pass_over_rest(self) -> None:
        """Read what a client still sends: it reads no answer where its connection is broken."""
        n_left, end = MAX_REST, time.monotonic() + REST_SECONDS
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(REST_SECONDS)
            while n_left > 0 and time.monotonic() < end and (rest := self.rfile.read1(1 << 16)):
                n_left -= len(rest)

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _check_source(self) -> None:
        """Refuse other pages: by their name for this server, or by their own origin."""
        origin = self.headers.get("Origin")
        known = origin is None or origin in {f"http://{host}" for host in self.server.hosts}
        if self.headers.get("Host") not in self.server.hosts or not known:
            raise Refusal(HTTPStatus.FORBIDDEN, "this server answers its own page alone")

    def _check_token(self, token: str) -> None:
        if not secrets.compare_digest(token.encode(), self.server.token.encode()):
            raise Refusal(HTTPStatus.FORBIDDEN, "the token of the printed address is missing")

    def _page(self) -> tuple[str, bytes]:
        address = urlsplit(self.path)
        path = "/index.html" if address.path == "/" else address.path
        if path == "/index.html":
            self._check_token("".join(parse_qs(address.query).get("token", [])))
        if path not in self.server.pages:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such page")
        kind = TYPES[path[path.rindex(".") :]]
        return f"{kind}; charset=utf-8", self.server.pages[path]

    def _message(self) -> tuple[str, bytes]:
        self._check_token(self.headers.get("X-Token", ""))
        message = self._body()
        if self.path == "/session":
            url = message.get("hash", "")
            if not isinstance(url, str):
                raise value_error("hash", url, "a text")
            opened = self.server.new_session(f"#{url}")
            described = self.server.sessions[opened].control({"action": "describe"})
            return "application/json", encoded({**described, **self.server.started(opened)})
        name = str(message.get("session"))
        session = self.server.sessions.get(name)
        if session is None:
            raise Refusal(HTTPStatus.GONE, "the session has ended; load the page again")
        if self.path == "/frame":
            return "application/octet-stream", session.frame(message)
        if self.path == "/close":
            self.server.close_session(name)
            return "application/json", b"{}"
        if self.path == "/control":
            return "application/json", encoded(session.control(message))
        raise Refusal(HTTPStatus.NOT_FOUND, "there is no such page")

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "a message needs its length")
        if int(length) > MAX_BODY:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a message has at most 1 MB")
        try:
            message = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise Refusal(HTTPStatus.BAD_REQUEST, "a message is an object in JSON") from None
        if not isinstance(message, dict):
            raise Refusal(HTTPStatus.BAD_REQUEST, "a message is an object in JSON")
        return message

    def log_request(self, *_: object) -> None:
        """Keep quiet about requests that are answered."""


def serve(url: str, port: int, data: str | None, *, browser: bool) -> None:
    """Serve the playground until Ctrl-C; print its address, and open it in the browser."""
    _, sign, state = url.partition("#")
    table = None if data is None else Path(data).read_text(encoding="utf-8")
    Session(url, table)  # refuses what does not fit before anything is started
    with Server(port, table) as server, contextlib.suppress(KeyboardInterrupt):
        if port not in (0, server.server_port):
            print(f"port {port} is taken")
        address = f"{server.url}#{state if sign else '' if '://' in url else url}"
        print(f"{address.rstrip('#')}\nCtrl-C ends the playground", flush=True)
        if browser:
            webbrowser.open(address)
        server.serve_forever()
