"""The server of the playground: who may ask, what is refused, and how sessions end."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fastmlp.cli import main
from fastmlp.playground import _server
from fastmlp.playground._server import MAX_BODY, MAX_SESSIONS, Server
from playground_client import new_session, post, request, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def test_the_page_needs_the_token_and_its_files_come_from_here(server: Server) -> None:
    status, headers, page = request(server, "GET", f"/?token={server.token}", X_Token="")
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    files = re.findall(r'(?:src|href)="(?!data:)([^"#]+)"', page.decode())
    assert files
    for name in files:
        assert request(server, "GET", f"/{name}")[0] == 200
    for path in ("/", "/?token=", "/?token=%C3%BC", f"/?token={server.token}x"):
        assert request(server, "GET", path, X_Token="")[0] == 403
    for path in ("/x.js", "/../_server.py", "/..%2f_server.py", "/static/index.html"):
        assert request(server, "GET", path)[0] == 404


def test_the_page_is_small_and_names_no_other_host(server: Server) -> None:
    assert sum(map(len, server.pages.values())) < 150_000
    for name, text in server.pages.items():
        links = re.findall(rb"(?:https?:)?//[\w.-]+\.\w+", text)
        assert not [link for link in links if b"www.w3.org" not in link], name


@pytest.mark.parametrize("path", ["/session", "/frame", "/control", "/close"])
def test_messages_need_the_token(server: Server, path: str) -> None:
    name = new_session(server)
    for token in ("", "wrong", "\xfc"):
        status, told = post(server, path, {"session": name}, X_Token=token)
        assert (status, list(told)) == (403, ["error"])


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1", "127.0.0.1:1", "localhost"])
def test_other_names_of_the_host_are_refused(server: Server, host: str) -> None:
    assert post(server, "/session", {}, Host=host)[0] == 403
    assert request(server, "GET", f"/?token={server.token}", Host=host)[0] == 403


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "https://127.0.0.1", "file://"])
def test_other_origins_are_refused(server: Server, origin: str) -> None:
    assert post(server, "/session", {}, Origin=origin)[0] == 403
    own = f"http://localhost:{server.server_port}"
    assert post(server, "/session", {}, Origin=own)[0] == 200


def test_bodies_are_measured_before_they_are_read(server: Server) -> None:
    assert request(server, "POST", "/session", b"{}", Content_Length=str(MAX_BODY + 1))[0] == 413
    assert post(server, "/session", {"pad": "x" * (MAX_BODY - 11)})[0] == 200
    for length in ("-1", "x", "²"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("http.client._is_illegal_header_value", lambda _: None)
            answer = request(server, "POST", "/session", b"{}", Content_Length=length)
        assert answer[0] == 411
    assert request(server, "POST", "/session")[0] == 411


@pytest.mark.parametrize("size", [MAX_BODY + 1, 1_500_000, 3_000_000, 8_000_000])
def test_a_body_that_is_too_long_is_told_so(server: Server, size: int) -> None:
    """Also where its client sends all of it before it reads."""
    for path, headers, status in ("/control", {}, 413), ("/session", {"X_Token": "wrong"}, 403):
        assert request(server, "POST", path, b" " * size, **headers)[0] == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"5", b"[" * 100_000])
def test_what_is_no_object_in_json_is_refused(server: Server, body: bytes) -> None:
    status, _, answer = request(server, "POST", "/control", body)
    assert (status, json.loads(answer)) == (400, {"error": "a message is an object in JSON"})


def test_a_value_that_does_not_fit_is_told_to_the_page(server: Server) -> None:
    status, told = post(server, "/session", {"hash": "batchSize=x"})
    assert (status, told) == (400, {"error": "batchSize='x', expected a number"})
    assert post(server, "/session", {"hash": 5})[0] == 400
    assert not server.sessions


def test_no_traceback_reaches_the_client(
    server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    name = new_session(server)
    monkeypatch.setattr(server.sessions[name], "_description", lambda: {}["secret"])
    status, told = post(server, "/control", {"session": name, "action": "describe"})
    assert (status, told) == (500, {"error": "the server met an error of its own"})
    assert "KeyError('secret')" in capfd.readouterr().err


def test_tabs_are_sessions_of_their_own_and_at_most_eight(server: Server) -> None:
    names = [new_session(server, f"seed={index}") for index in range(MAX_SESSIONS)]
    status, told = post(server, "/session", {})
    assert status == 429
    assert told["error"] == "8 playgrounds are open; close one of them"
    post(server, "/frame", {"session": names[0], "epochs": 3})
    assert [s._model.epoch for s in server.sessions.values()] == [3] + [0] * 7
    assert post(server, "/close", {"session": names[3]})[0] == 200
    assert post(server, "/frame", {"session": names[3]})[0] == 410
    new_session(server)


def test_idle_sessions_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    idle, used = new_session(server), new_session(server)
    server.sessions[idle].last_used -= _server.IDLE_SECONDS + 1
    end = time.monotonic() + 20
    while idle in server.sessions and time.monotonic() < end:
        time.sleep(0.01)
    assert list(server.sessions) == [used]


def test_a_session_that_ends_trains_no_more(server: Server) -> None:
    """Whether its page closes it or it is idle, and within the message that it carries out."""
    for end in (lambda name: post(server, "/close", {"session": name}), make_idle(server)):
        name = new_session(
            server, "seed=4&networkShape=256,256,256,256,256,256,256,256&batchSize=1"
        )
        session = server.sessions[name]
        with ThreadPoolExecutor(1) as pool:
            frame = pool.submit(post, server, "/frame", {"session": name, "epochs": 1000})
            wait_for(lambda: session._model._trainer.n_steps > 0)  # noqa: B023  # called here
            end(name)
            wait_for(lambda: name not in server.sessions)  # noqa: B023
            frame.result(60)
        assert session._model.epoch <= 1


def make_idle(server: Server) -> Callable[[str], None]:
    def end(name: str) -> None:
        server.sessions[name].last_used -= _server.IDLE_SECONDS + 1

    return end


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_requests_at_once_are_taken_in_turn(server: Server) -> None:
    name = new_session(server)
    with ThreadPoolExecutor(8) as pool:
        message = {"session": name, "epochs": 3}
        answers = list(pool.map(lambda _: post(server, "/frame", message)[0], range(40)))
    assert answers == [200] * 40
    assert server.sessions[name]._model.epoch == 120


VALUES = [
    *(None, True, -1, 0, 2, 10**400, 1e308, float("nan"), float("inf"), "", "3", "NaN", "\ud800"),
    *([], [1, 0], [[]], {}, {"x": "false"}, {"networkShape": "1,2"}, {"noise": "1e9"}),
    *({"learningRate": "1e300"}, {"batchSize": "1" * 400}, {"seed": "\x00"}, {"": ""}),
    *({"rivalOptimizer": "adam", "dropout": "0.5"}, {"classes": "4", "activations": "relu,,x"}),
    *({"optimizer": "newton", "schedule": "one_cycle"}, {"clipNorm": "-1"}, {"loss": "hinge"}),
    *([[1, 2, 1], [3, 4, -1]], [[1, 2, 1], [3, 4, 0.5], [0, 7, 1]], [0, 2], "1,2,3,a\n" * 4),
    *("1,2,3,a\n4,5,6,b\n7,8,1,c\n0,0,0,c", "fastmlp", "safetensors"),
]
KEYS = [
    *("action", "values", "epochs", "show", "layer", "unit", "input", "value", "all", "hash"),
    *("layers", "points", "table", "columns", "form", "batch"),
]
ACTIONS = [
    *("set", "restart", "same_start", "regenerate", "edit", "back", "describe", "x"),
    *("open", "draw", "export", "surface", "spectrum"),
]


def fuzz(server: Server, count: int, seed: int) -> set[int]:
    """Statuses of messages of random keys and values."""
    draw = random.Random(seed)
    name, statuses = new_session(server), set()
    for _ in range(count):
        message = {key: draw.choice(VALUES) for key in draw.sample(KEYS, draw.randrange(6))}
        message |= {"session": name} if draw.random() < 0.95 else {}
        message |= {"action": draw.choice(ACTIONS)} if draw.random() < 0.8 else {}
        path = draw.choice(["/control", "/control", "/frame", "/session", "/x"])
        status, told = post(server, path, message)
        statuses.add(status)
        assert status == 200 or (list(told) == ["error"] and "Traceback" not in told["error"])
        for other in [other for other in server.sessions if other != name]:
            server.close_session(other)
    return statuses


def test_random_messages_meet_no_error_of_the_server(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    assert fuzz(server, 300, seed=0) == {200, 400, 404, 410}
    assert not capfd.readouterr().err


@pytest.mark.slow
def test_10_000_random_messages_meet_no_error_of_the_server(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    assert fuzz(server, 10_000, seed=1) == {200, 400, 404, 410}
    assert not capfd.readouterr().err


def test_a_port_that_is_taken_is_passed_over(server: Server) -> None:
    with Server(server.server_port) as second:
        assert server.server_port < second.server_port <= server.server_port + 20


@pytest.mark.parametrize("port", [-1, 65536, 99999, 10**30])
def test_a_port_that_does_not_exist_is_refused(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["playground", "--no-browser", "--port", str(port)]) == 1
    assert re.match(rf"port={port}, expected an integer [<>]= ", capsys.readouterr().err)


def test_no_port_after_the_last_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the last ones are taken, that is the error."""
    tried: list[int] = []

    def taken(self: object, address: tuple[str, int], handler: object) -> None:
        tried.append(address[1])
        raise OSError("taken")

    monkeypatch.setattr(_server.http.server.ThreadingHTTPServer, "__init__", taken)
    with pytest.raises(OSError, match="taken"):
        Server(65530)
    assert tried == list(range(65530, 65536))


def test_the_command_prints_its_address_and_ends_with_ctrl_c(server: Server) -> None:
    taken = str(server.server_port)
    code = (  # a process in the background may have SIGINT ignored, which others inherit
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from fastmlp.cli import main; raise SystemExit(main())"
    )
    command = [sys.executable, "-c", code, "playground", "--no-browser", "--port", taken, "#seed=5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == f"port {taken} is taken\n"
        address = process.stdout.readline()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{20,}#seed=5\n", address)
        process.send_signal(2)
        assert process.wait(30) == 0


def test_the_command_refuses_a_state_that_does_not_fit() -> None:
    command = [sys.executable, "-m", "fastmlp", "playground", "--no-browser", "#noise=much"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "noise='much', expected a number\n")
