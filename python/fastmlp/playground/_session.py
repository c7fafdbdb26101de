"""`Session`: one tab of the playground, from its messages to its frames."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import check_bool, check_int, type_error, value_error
from fastmlp.playground._datasets import Point
from fastmlp.playground._export import exported
from fastmlp.playground._model import Diverged, Model
from fastmlp.playground._picture import Picture, in_float32
from fastmlp.playground._state import State, random_seed
from fastmlp.playground._table import read_points

MAX_EPOCHS = 1000  # in one frame
MAX_FRAME_SECONDS = 0.25  # after which a frame is drawn, however many epochs were asked for
MAX_WEIGHT = 1e6
N_MOMENTS = 200  # to which one can go back
NEW_DATA = {"problem", "dataset", "reg_dataset", "noise", "perc_train_data"}
LIVE = {"learning_rate", "optimizer", "momentum"}
LOOKS = {"show_test_data", "discretize", "hide_text", "hidden", "tutorial", "collect_stats"}


class Moment(NamedTuple):
    """What a training goes back to."""

    epoch: int
    parameters: NDArray[Any]


class Session:
    """The model of a tab, and what its page may ask of it; one request at a time."""

    def __init__(self, url: str, table: str | None = None) -> None:
        self._lock = threading.Lock()
        self._own: list[Point] | None = None
        if table is None:
            self._start(self._model_of(State.parse(url)))
        else:
            self._open(State.parse(url), table)
        self.last_used = time.monotonic()

    def _start(self, model: Model) -> None:
        self._model = model
        self._message = ""
        self._past: deque[Moment] = deque(maxlen=N_MOMENTS)
        self._picture = Picture(model.state)

    def _model_of(self, state: State) -> Model:
        return Model(state, self._own)

    def _open(self, state: State, table: str) -> None:
        problem, points = read_points(table)
        name = {"dataset": "own"} if problem == "classification" else {"reg_dataset": "own"}
        self._own = points
        self._start(self._model_of(state.replace(problem=problem, **name)))

    def control(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an action of the page; return what it has to know then.

        Raises
        ------
        ValueError, TypeError
            The action is not known or a value does not fit; nothing has changed.
        """
        actions = {
            "describe": lambda _: None,
            "set": self._set,
            "restart": self._restart,
            "same_start": lambda _: self._start(self._model_of(self._model.state)),
            "open": self._open_table,
            "regenerate": self._regenerate,
            "edit": self._edit,
            "back": self._back,
        }
        name = message.get("action")
        if not isinstance(name, str) or name not in {*actions, "export"}:
            raise value_error("action", name, f"one of {', '.join([*actions, 'export'])}")
        with self._lock:
            self.last_used = time.monotonic()
            if name == "export":
                file, text = exported(self._model, message.get("form"))
                return {"file": file, "text": text}
            actions[name](message)
            return self._description()

    def frame(self, message: Mapping[str, Any]) -> bytes:
        """Train for ``epochs`` and return a frame: head, parameters, maps.

        A frame is the length of its head in four bytes; the head in JSON, filled with spaces to a
        multiple of 4; the parameters in float32; the map of the unit ``show``, 100 x 100 bytes; and
        10 x 10 bytes for each unit. Numbers are little-endian.
        """
        epochs = check_int(message.get("epochs", 0), "epochs", min=0, max=MAX_EPOCHS)
        with self._lock:
            self.last_used = time.monotonic()
            show = self._shown(message.get("show"))
            self._train(epochs)
            return self._encoded(*self._picture.draw(self._model.network, *show))

    def _train(self, epochs: int) -> None:
        model = self._model
        if epochs == 0 or self._message:
            return
        self._remember()
        end = time.monotonic() + MAX_FRAME_SECONDS
        try:
            for _ in range(epochs):
                model.train()
                if time.monotonic() > end:
                    break
        except Diverged as error:
            self._message = str(error)

    def _remember(self) -> None:
        self._past.append(Moment(self._model.epoch, self._model.network.parameters.copy()))

    def _encoded(self, large: NDArray[np.uint8], small: NDArray[np.uint8]) -> bytes:
        model = self._model
        train, test = (loss if np.isfinite(loss) else None for loss in model.losses())
        values = {"epoch": model.epoch, "train": train, "test": test, "message": self._message}
        head = json.dumps({**values, "moments": len(self._past)}).encode()
        head += b" " * (-len(head) % 4)
        parameters = in_float32(model.network.parameters)
        parts = (parameters.tobytes(), large.tobytes(), small.tobytes())
        return b"".join([struct.pack("<I", len(head)), head, *parts])

    def _shown(self, show: Any) -> tuple[int, int]:
        sizes = self._model.state.sizes
        if show is None:
            return len(sizes) - 1, 0
        if not isinstance(show, list) or len(show) != 2:
            raise type_error("show", show, "[layer, unit]")
        layer = check_int(show[0], "layer", min=0, max=len(sizes) - 1)
        return layer, check_int(show[1], "unit", min=0, max=sizes[layer] - 1)

    def _description(self) -> dict[str, Any]:
        model = self._model
        return {
            "hash": model.state.to_hash(),
            "features": model.state.features,
            "sizes": self._model.state.sizes,
            "points": np.round(model.points, 4).tolist(),
            "n_train": model.n_train,
            "own": self._own_kind(),
        }

    def _own_kind(self) -> str:
        """Return the key of the address under which the user's own data stand, or ""."""
        if self._own is None:
            return ""
        return "dataset" if {label for _, _, label in self._own} == {-1.0, 1.0} else "regDataset"

    def _set(self, message: Mapping[str, Any]) -> None:
        """Set fields by the keys of a URL, ``{"values": {"batchSize": "7"}}``."""
        values = message.get("values")
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            raise type_error("values", values, "a dictionary of texts")
        old = self._model.state
        new = old.updated(values)
        changed = {name for name in vars(new) if getattr(new, name) != getattr(old, name)}
        if changed & NEW_DATA:
            self._start(
                self._model_of(new if "seed" in values else new.replace(seed=random_seed()))
            )
        elif "seed" in changed:
            self._start(self._model_of(new))
        elif changed <= LIVE:
            self._model.go_on(new)
        elif changed <= LOOKS:
            self._model.state = new
        else:
            self._model.restart(new)
            self._start(self._model)

    def _open_table(self, message: Mapping[str, Any]) -> None:
        table = message.get("table")
        if not isinstance(table, str):
            raise type_error("table", table, "a text in CSV")
        self._open(self._model.state, table)

    def _restart(self, _: Mapping[str, Any]) -> None:
        self._model.restart(self._model.state)
        self._start(self._model)

    def _regenerate(self, _: Mapping[str, Any]) -> None:
        self._start(self._model_of(self._model.state.replace(seed=random_seed())))

    def _edit(self, message: Mapping[str, Any]) -> None:
        """Set a weight, or the bias where ``input`` is null, of a unit of a layer from 1."""
        network = self._model.network
        value = message.get("value")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise type_error("value", value, "a number")
        if not abs(value) <= MAX_WEIGHT:
            raise value_error("value", value, f"a number of at most ±{MAX_WEIGHT:g}")
        sizes = self._model.state.sizes
        layer = check_int(message.get("layer"), "layer", min=1, max=len(sizes) - 1)
        unit = check_int(message.get("unit"), "unit", min=0, max=sizes[layer] - 1)
        source = message.get("input")
        row = (
            None if source is None else check_int(source, "input", min=0, max=sizes[layer - 1] - 1)
        )
        self._remember()
        self._message = ""
        if row is None:
            bias = network.biases[layer - 1]
            assert bias is not None  # all layers of a playground have one
            bias[unit] = value
        else:
            network.weights[layer - 1][row, unit] = value

    def _back(self, message: Mapping[str, Any]) -> None:
        """Go back to before the last frame, or to the start where ``all`` is true."""
        to_start = check_bool(message.get("all", False), "all")
        if not self._past:
            raise value_error("back", 0, "a training that has begun")
        moment = self._past[0] if to_start else self._past[-1]
        while self._past and self._past[-1] is not moment:
            self._past.pop()
        self._past.pop()
        self._model.go_to(moment.epoch, moment.parameters)
        self._message = ""
