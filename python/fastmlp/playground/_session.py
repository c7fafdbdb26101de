"""`Session`: one tab of the playground, from its messages to its frames."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from fastmlp._data.threads import limited
from fastmlp._data.validation import check_bool, check_int, type_error, value_error
from fastmlp.playground._datasets import Own
from fastmlp.playground._export import exported
from fastmlp.playground._inside import layers_of, spectrum_of, surface_of
from fastmlp.playground._json import encoded
from fastmlp.playground._model import Model
from fastmlp.playground._picture import Picture, in_float32
from fastmlp.playground._race import LIVE, Race
from fastmlp.playground._state import State, random_seed
from fastmlp.playground._table import drawn_points, read_points

MAX_EPOCHS = 1000  # in one frame
MAX_WEIGHT = 1e6
FEW_PARAMETERS = 20_000  # for which one thread is enough
NEW_DATA = {"problem", "dataset", "reg_dataset", "noise", "perc_train_data", "classes"}
LOOKS = {"show_test_data", "discretize", "hide_text", "hidden", "tutorial", "collect_stats"}


class Session:
    """The race of a tab, and what its page may ask of it; one request at a time."""

    def __init__(self, url: str, table: str | None = None) -> None:
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._own: Own | None = None
        self._table = ""
        if table is None:
            self._start(Model(State.parse(url)))
        else:
            self._open(State.parse(url), table)
        self.last_used = time.monotonic()

    def close(self) -> None:
        """Stop a training in progress."""
        self._closed.set()

    @property
    def _model(self) -> Model:
        return self._race.model

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Leave the other processors to the browser, unless the network is large.

        Numbers that overflow are told to the page, and not as warnings.
        """
        few = self._model.network.n_parameters <= FEW_PARAMETERS
        with limited(1 if few else None), np.errstate(over="ignore", invalid="ignore"):
            yield

    def _start(self, model: Model) -> None:
        self._race, self._picture = Race(model), Picture(model.state)

    def _model_of(self, state: State) -> Model:
        return Model(state, self._own)

    def _open(self, state: State, table: str, columns: tuple[int, int] | None = None) -> None:
        self._take(state, read_points(table, columns))
        self._table = table

    def _take(self, state: State, own: Own) -> None:
        """Start on points of the user's own."""
        name = {"dataset": "own"} if own.problem == "classification" else {"reg_dataset": "own"}
        model = Model(state.replace(problem=own.problem, classes=own.classes, **name), own)
        self._own = own
        self._start(model)

    def control(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an action of the page; return what it has to know then.

        Raises
        ------
        ValueError, TypeError
            The action is not known or a value does not fit; nothing has changed.
        """
        actions: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "describe": lambda _: None,
            "set": self._set,
            "restart": lambda _: self._restart_as(self._model.state),
            "same_start": lambda _: self._same_start(self._model.state),
            "open": self._open_table,
            "draw": self._draw,
            "regenerate": self._regenerate,
            "edit": self._edit,
            "back": self._back,
        }
        answers: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "export": lambda given: exported(self._model, given.get("form")),
            "surface": lambda _: surface_of(self._model, self._race.paths),
            "spectrum": lambda _: spectrum_of(self._model),
        }
        name = message.get("action")
        if not isinstance(name, str) or name not in {**actions, **answers}:
            raise value_error("action", name, f"one of {', '.join([*actions, *answers])}")
        with self._lock, self._working():
            self.last_used = time.monotonic()
            if name in answers:
                return answers[name](message)
            actions[name](message)
            return self._description()

    def frame(self, message: Mapping[str, Any]) -> bytes:
        """Train for ``epochs``, or a single ``batch``, and return a frame: head, parameters, maps.

        A frame is the length of its head in four bytes; the head in JSON, filled with spaces to a
        multiple of 4, with null for numbers that are not finite; the parameters in float32; the map
        of the unit ``show``, 100 x 100 bytes; with a rival its output's map, of the same size; and
        10 x 10 bytes for each unit. Numbers are little-endian. With ``layers`` the head has the
        report of `layers_of`; its ``seconds`` are those of an epoch of the training, or of the
        batch.
        """
        epochs = check_int(message.get("epochs", 0), "epochs", min=0, max=MAX_EPOCHS)
        with_layers = check_bool(message.get("layers", False), "layers")
        is_batch = check_bool(message.get("batch", False), "batch")
        with self._lock, self._working():
            self.last_used = time.monotonic()
            layer, unit = self._shown(message.get("show"))
            begin, start = self._model.epoch, time.perf_counter()
            if is_batch:
                self._race.train_batch()
            else:
                self._race.train(epochs, self._closed.is_set)
            n_epochs = max(1, self._model.epoch - begin)
            seconds = (time.perf_counter() - start) / n_epochs
            return self._encoded(layer, unit, seconds, with_layers=with_layers)

    def _encoded(self, layer: int, unit: int | None, seconds: float, *, with_layers: bool) -> bytes:
        model = self._model
        first, *rivals = self._race.losses()
        told = {"epoch": model.epoch, **first, "moments": self._race.n_moments, "seconds": seconds}
        if rivals:
            told["rival"] = rivals[0]
        if with_layers:
            told["layers"] = layers_of(model)
        head = encoded(told)
        head += b" " * (-len(head) % 4)
        maps = [self._picture.large(model.network, layer, unit)]
        for lane in self._race.lanes[1:]:
            maps.append(self._picture.large(lane.model.network, len(model.state.sizes) - 1, None))
        maps.append(self._picture.small(model.network))
        parameters = in_float32(model.network.parameters).tobytes()
        parts = [struct.pack("<I", len(head)), head, parameters, *(part.tobytes() for part in maps)]
        return b"".join(parts)

    def _shown(self, show: Any) -> tuple[int, int | None]:
        sizes = self._model.state.sizes
        if show is None:
            return len(sizes) - 1, None
        if not isinstance(show, list) or len(show) != 2:
            raise type_error("show", show, "[layer, unit]")
        layer = check_int(show[0], "layer", min=0, max=len(sizes) - 1)
        return layer, check_int(show[1], "unit", min=0, max=sizes[layer] - 1)

    def _description(self) -> dict[str, Any]:
        model, own = self._model, self._own
        return {
            "hash": model.state.to_hash(),
            "features": model.state.features,
            "sizes": model.state.sizes,
            "activations": model.state.hidden_activations,
            "losses": list(model.state.losses),
            "loss": model.state.loss_name,
            "points": np.round(model.points, 4).tolist(),
            "n_train": model.n_train,
            "own": own and {"problem": own.problem, "classes": own.classes, "columns": own.columns},
        }

    def _set(self, message: Mapping[str, Any]) -> None:
        """Set fields by the keys of a URL, ``{"values": {"batchSize": "7"}}``."""
        values = message.get("values")
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            raise type_error("values", values, "a dictionary of texts")
        old = self._model.state
        new = old.updated(values)
        changed = {name for name in vars(new) if getattr(new, name) != getattr(old, name)}
        if changed & NEW_DATA:
            seeded = new if "seed" in values else new.replace(seed=random_seed())
            self._start(self._model_of(seeded))
        elif "seed" in changed:
            self._start(self._model_of(new))
        elif changed <= LOOKS:
            self._model.state = new
        elif changed <= LIVE | LOOKS:
            self._race.go_on(new)
        elif changed <= {"rival_optimizer"} | LIVE | LOOKS:
            self._same_start(new)
        else:
            self._restart_as(new)

    def _same_start(self, state: State) -> None:
        self._race = self._race.at_start(state)

    def _open_table(self, message: Mapping[str, Any]) -> None:
        """Open a table, or the one that is open with other columns, a pair of indices."""
        table = message.get("table", self._table)
        if not isinstance(table, str):
            raise type_error("table", table, "a text in CSV")
        columns = message.get("columns")
        if columns is not None and (not isinstance(columns, list) or len(columns) != 2):
            raise type_error("columns", columns, "two indices, or null")
        pair = None if columns is None else (columns[0], columns[1])
        self._open(self._model.state, table, pair)

    def _draw(self, message: Mapping[str, Any]) -> None:
        self._take(self._model.state, drawn_points(message.get("points"), self._model.state))

    def _restart_as(self, state: State) -> None:
        """Draw new weights, for a state of the same data."""
        model = self._model.copy()
        model.restart(state)
        self._start(model)

    def _regenerate(self, _: Mapping[str, Any]) -> None:
        self._start(self._model_of(self._model.state.replace(seed=random_seed())))

    def _edit(self, message: Mapping[str, Any]) -> None:
        """Set a weight, or the bias where ``input`` is null, of a unit of a layer from 1."""
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
        self._race.remember()
        self._race.edited()
        network = self._model.network
        if row is None:
            bias = network.biases[layer - 1]
            assert bias is not None  # all layers of a playground have one
            bias[unit] = value
        else:
            network.weights[layer - 1][row, unit] = value

    def _back(self, message: Mapping[str, Any]) -> None:
        """Go back to before the last frame, or to the start where ``all`` is true."""
        self._race.back(to_start=check_bool(message.get("all", False), "all"))
