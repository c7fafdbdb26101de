"""Calls of random programs on functions in Python, and on second derivatives."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import fastmlp as fm
from random_draws import Array, Draws


class Functions(Draws):
    """Functions that return wrong results now and then, and that need not have a minimum."""

    def fun(self, w: Array) -> tuple[Any, Any]:
        if self.random.random() < 0.02:
            return self.one_of((np.nan, w), (0.0, w[1:]), None, ("", w))
        value = (np.asarray(w, float) ** 2 + 0.1 * np.cos(w)).sum()
        return float(value), self.one_of(2 * w - 0.1 * np.sin(w), (2 * w).tolist())

    def minimize(self) -> None:
        self.called.update({"minimize", "Result"})
        start = self.array(int(self.random.integers(1, self.one_of(9, 300))))
        hvp = self.one_of(None, lambda w, v: 2 * v, lambda w, v: v[:1])
        result = fm.minimize(
            self.fun, start, self.one_of(self.optimizer, self.method)(), steps=20, hvp=hvp,
            max_seconds=0.2, record_path=bool(self.random.integers(2)))  # fmt: skip
        repr(result), result.advice

    def least_squares(self) -> None:
        self.called.add("least_squares")
        A = self.random.normal(size=self.random.integers(1, 30, 2))

        def residuals(w: Array) -> Any:
            r = A @ w - 1
            return self.one_of(r[1:], None, r * np.nan) if self.random.random() < 0.02 else r

        fm.least_squares(residuals, np.zeros(A.shape[1]), self.one_of(None, lambda w: A), steps=9)

    def line_search(self) -> None:
        self.called.update({"line_search", "LineSearchResult"})
        w = self.array(int(self.random.integers(1, 50)))
        direction = -np.asarray(w, np.float64) * self.one_of(1.0, 1e-3, -1.0, 1e30)
        search = self.member("line_searches")
        found = fm.line_search(self.fun, w, direction, search, first_step=self.one_of(1, 1e-5, 99))
        assert found.step >= 0

    def check_gradient(self) -> None:
        self.called.update({"check_gradient", "GradientCheck"})
        check = fm.check_gradient(
            self.fun, self.array(3), difference=self.one_of("central", "forward")
        )
        assert check.differences.shape == check.gradient.shape

    def own_activation(self) -> None:
        self.called.add("Activation")
        own = fm.Activation(np.tanh, np.ones_like, self.one_of(None, np.zeros_like))
        own(self.array(9)), own.derivative(self.array(3, 2))
        fm.Network([2, 3, 1], activation=own).predict(self.array(9, 2))

    def diagnose(self) -> None:
        net = self.net()
        X, y, weights = self.samples(net)
        self.called.update({"Diagnosis", "DiagnosisRecorder", "LayerDiagnosis"})
        recorder = fm.DiagnosisRecorder(X, y, self.loss(), sample_weight=weights)
        str(net.diagnose(X, y, self.loss())), net.fit(X, y, epochs=2, callbacks=[recorder])

    def separability(self) -> None:
        self.called.add("linearly_separable")
        n, m = (int(k) for k in self.random.integers(1, 12, 2))
        labels = self.one_of(self.random.integers(0, self.one_of(1, 2, 4), n), self.array(n))
        fm.linearly_separable(self.array(n, m), labels, bias=self.one_of(True, False))

    def write_and_read(self, net: fm.Network, trainer: fm.Trainer) -> None:
        """Files of both, whole and damaged; callbacks that write; what only needs a library."""
        self.called.update({"load", "ModelFileError", "ModelCheckpoint", "CSVLogger", "Logging",
                            "OptunaPruning", "TensorBoard", "MLflow"})  # fmt: skip
        self.called.update({"from_onnx", "from_torch"})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model")
            net.save(path)  # which another thread may train meanwhile, but not its copy
            kept = net.copy()
            kept.save(path)
            assert fm.load(path).parameters.tobytes() == kept.parameters.tobytes()
            trainer.save(path)
            fm.Trainer.load(path, loss=self.one_of(None, trainer.loss)), fm.load(path)
            text = bytearray(path.read_bytes())
            text[int(self.random.integers(len(text)))] ^= int(self.random.integers(1, 256))
            path.write_bytes(text)
            self.attempt(lambda: fm.Trainer.load(path))
            X, y, _ = self.samples(net)
            pruning = fm.OptunaPruning(self, "loss")
            callbacks = [fm.ModelCheckpoint(path, "loss"), fm.CSVLogger(path.with_suffix(".csv")),
                         fm.Logging(), pruning]  # fmt: skip
            for epochs in (1, 3):
                net.fit(X, y, epochs=epochs, callbacks=callbacks, checkpoint=Path(folder, "run"))
            repr(callbacks[0]), fm.TensorBoard(folder), fm.MLflow()
            net.history.to_json(), net.history._repr_html_()  # type: ignore[union-attr]

    def report(self, value: float, step: int) -> None:
        """As a trial of Optuna."""

    def should_prune(self) -> bool:
        return False

    def differentiate(self, net: fm.Network) -> None:
        self.called.update({"Curvature", "CurvatureOperator", "Spectrum"})
        X, y, weights = (a if a is None else a[:40] for a in self.samples(net))
        X = X.copy() if hasattr(X, "tocsr") else np.array(X)
        y, weights = (a if a is None else np.array(a) for a in (y, weights))
        self.arrays = [a for a in (X, y, weights) if isinstance(a, np.ndarray)]  # that do not move
        loss = self.loss()
        curvature = fm.Curvature(net, X, y, loss, weights)
        if self.random.random() < 0.3:
            self.spoil()
        V = self.array(self.one_of(1, 3), net.n_parameters)
        curvature.hvp(V), curvature.gnvp(V[0])
        method = self.one_of("exact", "central", "forward")
        net.hvp(X, y, V, loss, weights, method=method)
        curvature.hessian.matmat(np.transpose(V))
        net.hessian_spectrum(X, y, 1, loss=loss, dimensions=5)
        net.fisher_diagonal(X, y, loss, weights)
        net.parameter_jacobian(X[:3])
        if net.n_parameters < 300:
            net.hessian(X, y, loss)
            kind = self.one_of("exact", "gauss_newton", "hutchinson", "curvature_propagation")
            net.hessian_diagonal(X, y, method=kind, loss=loss, draws=3)

    def train_many(self, nets: list[fm.Network]) -> None:
        """Networks of one shape side by side, on rows of their own; their mean and its spread."""
        self.called.update({"fit_many", "Ensemble"})
        X, y, weights = self.samples(nets[0])
        n = np.shape(X)[0]
        twins = [nets[0].copy() for _ in range(self.one_of(1, 3))]
        rows = [self.random.integers(n, size=self.one_of(1, 40)) for _ in twins]
        fm.fit_many(
            self.one_of(twins, nets), X, y, loss=self.loss(), optimizer=self.any_optimizer(),
            epochs=2, rows=self.one_of(None, rows), validation_rows=self.one_of(None, rows),
            sample_weight=weights, callbacks=self.one_of((), fm.EarlyStopping("loss")),
            max_seconds=self.one_of(None, 1e-3, 0.05))  # fmt: skip
        fm.Ensemble(twins).predict(X)

    def error_bars(self, net: fm.Network) -> None:
        self.called.add("Laplace")
        X, y, weights = self.samples(net)
        structure = self.one_of("last_layer", "diagonal", "kronecker")
        if net.n_parameters < 5_000:
            fm.Laplace(net, X, y, None, weights, structure=structure).predict(X)

    def row_files(self, net: fm.Network) -> None:
        self.called.add("RowFiles")
        X, y, _ = self.samples(net)
        with tempfile.TemporaryDirectory() as folder:
            parts = np.array_split(np.asarray(X), self.one_of(1, 3))
            for i, part in enumerate(parts):
                np.save(Path(folder, f"{i}.npy"), part.astype(self.one_of("f2", "f4", "f8")))
            rows = fm.RowFiles(folder)
            net.fit(rows, y, epochs=1)
            net.predict(rows[:: self.one_of(1, 3)])
