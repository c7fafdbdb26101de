"""The end of processes and interpreters while native calls run, forks, and subinterpreters."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

BUSY = """
import sys, threading, time
import numpy as np
import fastmlp as fm
from fastmlp import _core

call, threads = sys.argv[1], int(sys.argv[2])
_core.force_num_threads(threads)
X = np.random.default_rng(0).normal(size=(20000, 64)).astype("f4")
net = fm.Network([64, 256, 256, 1], seed=0)
tiny = fm.Network([64, 1], seed=0)
large = np.ones(10**7, "f4")
started = threading.Event()

def sleeps(*arguments):
    started.set()
    time.sleep(0.3)

def rate(epoch):
    sleeps()
    return 0.01

def fun(w):
    sleeps()
    return float(w @ w), 2 * w

class Sleeps:
    def __array__(self, dtype=None, copy=None):
        sleeps()
        return large

calls = {
    "fit": lambda: net.fit(X, X[:, 0], epochs=10**6),
    "fit with callbacks": lambda: net.fit(X[:500], X[:500, 0], epochs=10**6,
        callbacks=[fm.EarlyStopping("loss", patience=10**6)]),
    "rate": lambda: tiny.fit(X[:9], X[:9, 0], epochs=10**6, optimizer=fm.SGD(rate)),
    "custom loss": lambda: net.fit(X, X[:, 0], epochs=10**6,
        loss=lambda o, y: (((o - y) ** 2).ravel() / 2, o - y)),
    "predict": lambda: net.predict(X),
    "predict one": lambda: net.predict(X[0]),
    "loss": lambda: net.loss(X, X[:, 0]),
    "value_and_grad": lambda: net.value_and_grad(X, X[:, 0]),
    "jacobian": lambda: net.jacobian(X),
    "construction": lambda: fm.Network([700, 700], init="orthogonal"),
    "initializer": lambda: fm.HeNormal()(1000, 1000),
    "activation": lambda: fm.Tanh()(large),
    "loss of arrays": lambda: fm.SquaredError()(large, large),
    "minimize": lambda: fm.minimize(fun, np.ones(3), fm.SGD(0.1), steps=1000),
    "conversion": lambda: fm.Tanh()(Sleeps()),
}

def work():
    started.set()
    while True:
        calls[call]()

threading.Thread(target=work, daemon=True).start()
started.wait()
time.sleep(0.25)
sys.exit(7)
"""
CALLS = [
    "fit", "fit with callbacks", "rate", "custom loss", "predict", "predict one", "loss",
    "value_and_grad", "jacobian", "construction", "initializer", "activation", "loss of arrays",
    "minimize", "conversion",
]  # fmt: skip


def end_of(code: str, *arguments: object) -> tuple[int, str]:
    """Exit code and errors of a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr + done.stdout


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("call", CALLS)
def test_a_daemon_thread_leaves_the_exit_code_to_the_program(call: str, threads: int) -> None:
    """Also where Python functions that the core calls are asleep at the end."""
    assert end_of(BUSY, call, threads) == (7, "")


FORK = """
import os, sys, threading, time
import numpy as np
import fastmlp as fm

X = np.random.default_rng(0).normal(size=(2000, 16)).astype("f4")
net = fm.Network([16, 64, 1], seed=0)
trainer = fm.Trainer(net)
begun, done = threading.Event(), threading.Event()

class Callback:
    def on_fit_begin(self):
        begun.set()

    def on_epoch_end(self, epoch, logs):
        return done.is_set()

def check(label, call):
    process = os.fork()
    if process == 0:
        code = 1
        try:
            call()
            assert np.isfinite(net.parameters).all()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(process, 0)[1] == 0, label

fields = dict(epochs=10**6, callbacks=[Callback()])
thread = threading.Thread(target=trainer.run, args=(X, X[:, 0]), kwargs=fields)
thread.start()
begun.wait()
time.sleep(0.2)
def fit():
    net.fit(X, X[:, 0], epochs=2)
    net.fit(X, X[:, 0], epochs=2)
def forks_again():
    fit()
    check("grandchild", fit)
def is_locked_again():
    class Nested:
        def on_epoch_end(self, *_):
            try:
                net.fit(X, X[:, 0], epochs=1)
            except RuntimeError:
                return True
            raise SystemExit("trained twice")
    assert net.fit(X, X[:, 0], epochs=9, callbacks=[Nested()]).status == "stopped"
for label, call in {
    "fit": fit,
    "step": lambda: fm.Trainer(net).step(X, X[:, 0]),
    "copy": lambda: net.copy().fit(X, X[:, 0], epochs=1),
    "fork": forks_again,
    "lock": is_locked_again,
}.items():
    for _ in range(5):
        check(label, call)
try:
    net.fit(X, X[:, 0])
except RuntimeError:
    pass
else:
    sys.exit("the parent trained twice")
done.set()
thread.join()
fit()
"""

FORK_IN_CALLBACK = """
import os, sys
import numpy as np
import fastmlp as fm

X = np.ones((8, 2), "f4")
net = fm.Network([2, 1], seed=0)

class Forks:
    def on_epoch_end(self, epoch, logs):
        if epoch == 1:
            self.child = os.fork()
            if self.child == 0:
                try:
                    net.fit(X, X[:, 0])
                except RuntimeError:
                    return False
                os._exit(3)

callback = Forks()
net.fit(X, X[:, 0], epochs=3, callbacks=[callback])
net.fit(X, X[:, 0], epochs=1)
if callback.child == 0:
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(callback.child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX processes")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_trains_its_copy_of_a_network_in_training() -> None:
    """The lock belongs to a thread that only the parent has; it holds there, and in the child."""
    assert end_of(FORK)[0] == 0, end_of(FORK)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX processes")
def test_a_child_forked_by_the_training_thread_holds_the_lock_itself() -> None:
    assert end_of(FORK_IN_CALLBACK) == (0, "")


SUBINTERPRETER = """
import sys
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
if sys.argv[1] == "used":
    import fastmlp
code = f'''
import sys
sys.path[:] = {sys.path!r}
try:
    import fastmlp
except ImportError as error:
    assert "subinterpreter" in str(error) and "expected the main interpreter" in str(error), error
else:
    raise SystemError("imported")
'''
def legacy():
    try:
        return interpreters.create(isolated=False)
    except TypeError:
        return interpreters.create("legacy")
for create in (interpreters.create, legacy):
    interpreter = create()
    failure = interpreters.run_string(interpreter, code)
    if failure is not None:
        sys.exit(failure)
    interpreters.destroy(interpreter)
import fastmlp
fastmlp.Network([2, 1]).predict([[1, 2]])
"""


@pytest.mark.parametrize("parent", ["used", "not used"])
def test_a_subinterpreter_gets_an_import_error(parent: str) -> None:
    """Before and after the main interpreter has imported the package, which goes on."""
    assert end_of(SUBINTERPRETER, parent) == (0, "")
