"""`fm.RowFiles`: the rows of many files as one array, with slices, indices and results of one."""

from __future__ import annotations

import pickle
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastmlp as fm
from reference import Array

N, N_IN = 90, 5


def numbers(dtype: str, shape: tuple[int, ...] = (N, N_IN)) -> Array:
    return (np.random.default_rng(1).normal(size=shape) * 2).astype(dtype)


def network(precision: Any = "float32", inputs: Any = N_IN) -> fm.Network:
    return fm.Network([fm.Dense(6, "tanh"), fm.Dense(2)], inputs=inputs, dtype=precision, seed=0)


def files(folder: Path, X: Array, cuts: tuple[int, ...] = (40, 40, 41)) -> fm.RowFiles:
    """X in four files, one of them empty."""
    for i, part in enumerate(np.split(X, cuts)):
        np.save(folder / f"part{i}.npy", part)
    return fm.RowFiles(folder)


slices = st.builds(
    slice,
    *[st.none() | st.integers(-N - 3, N + 3)] * 2,
    st.none() | st.integers(1, 30),
)


@given(first=slices, second=slices, indices=st.lists(st.integers(-N, N - 1)))
def test_rows_are_those_of_all_files(
    tmp_path_factory: pytest.TempPathFactory, first: Any, second: Any, indices: list[int]
) -> None:
    X = numbers("f2")
    rows = files(tmp_path_factory.mktemp("rows"), X)
    some, expected = rows[first][second], X[first][second]
    assert some.shape == expected.shape
    assert len(some) == len(expected)
    for given_rows in (some, pickle.loads(pickle.dumps(some))):
        np.testing.assert_array_equal(np.asarray(given_rows), expected)
    np.testing.assert_array_equal(rows[indices], X[np.array(indices, int)])
    np.testing.assert_array_equal(rows[X[:, 0] > 0], X[X[:, 0] > 0])
    np.testing.assert_array_equal(rows[-1], X[-1])
    np.testing.assert_array_equal(np.array(list(rows[:3])), X[:3])
    assert np.asarray(rows, "f8").dtype == "f8"


def test_training_on_files_is_training_on_an_array(tmp_path: Path) -> None:
    X, y = numbers("f4"), numbers("f4", (N, 2))
    (tmp_path / "X").mkdir()
    (tmp_path / "y").mkdir()
    twins = []
    for given_data in ((files(tmp_path / "X", X), files(tmp_path / "y", y)), (X, y)):
        net = network()
        net.fit(*given_data, epochs=3, batch_size=7, validation_split=0.3)
        twins.append((net.parameters, net.predict(given_data[0])))
    for one, other in zip(*twins, strict=True):
        np.testing.assert_array_equal(one, other)


def test_shards_of_files(tmp_path: Path) -> None:
    X, y = files(tmp_path, numbers("f4")), numbers("f4", (N, 2))

    def train(comm: Any = None) -> Array:
        net = network("float64")
        shard = fm.distributed.shard
        rows = (X, y) if comm is None else (shard(X, comm), shard(y, comm))
        net.fit(*rows, epochs=2, comm=comm)
        return net.parameters

    alone = train()
    for parameters in fm.distributed.run_threads(train, 3):
        np.testing.assert_allclose(parameters, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda folder: None, ValueError, "files: no files, expected all .npy or all .parquet"),
        (
            lambda folder: (np.save(folder / "a", np.ones((2, 3))), (folder / "b.parquet").touch()),
            ValueError,
            "files: .npy and .parquet files, expected all .npy or all .parquet",
        ),
        (
            lambda folder: (np.save(folder / "a", np.ones(2)), np.save(folder / "b", 1.0)),
            ValueError,
            r"b.npy has shape \(\), expected rows",
        ),
        (
            lambda folder: [np.save(folder / f"{n}", np.ones((2, n))) for n in (3, 4)],
            ValueError,
            r"4.npy has shape \(2, 4\) and .*, expected rows of shape \(3,\) .*, as 3.npy has",
        ),
        (
            lambda folder: np.save(folder / "a", np.ones((2, 2), "c8")),
            TypeError,
            "a.npy has dtype complex64, expected bool, int or float of up to 64 bits",
        ),
        (
            lambda folder: np.save(folder / "a", np.asfortranarray(np.ones((2, 2)))),
            ValueError,
            "a.npy is in Fortran order, expected C order",
        ),
    ],
)
def test_files_that_do_not_fit(
    tmp_path: Path, make: Any, error: type[Exception], message: str
) -> None:
    make(tmp_path)
    with pytest.raises(error, match=f"^RowFiles: {message}"):
        fm.RowFiles(tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    rows = files(tmp_path, numbers("f4"))
    path = tmp_path / "part2.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"^RowFiles: part2.npy is no array that can be mapped \("):
        fm.RowFiles(tmp_path)
    assert rows.shape == (N, N_IN)


def test_paths_stay_those_of_the_first_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(tmp_path, numbers("f4"))
    monkeypatch.chdir(tmp_path.parent)
    rows = fm.RowFiles(tmp_path.name)
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(rows))), numbers("f4"))


@pytest.mark.parametrize("given", [None, 5, b"x", [5]])
def test_what_is_no_path_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match=r"^RowFiles: files="):
        fm.RowFiles(given)


def test_other_arguments_are_refused(tmp_path: Path) -> None:
    rows = files(tmp_path, numbers("f4"))
    with pytest.raises(ValueError, match=r"^RowFiles: step=-1 of a slice, expected at least 1"):
        rows[::-1]
    with pytest.raises(ValueError, match=r"^RowFiles: columns='a', expected None for .npy"):
        fm.RowFiles(tmp_path, "a")
    with pytest.raises(FileNotFoundError):
        fm.RowFiles(tmp_path / "missing.npy")
    with pytest.raises(ValueError, match=r"^fit: X has shape \(90, 5\), expected \(n_samples, 4\)"):
        network(inputs=4).fit(rows, numbers("f4", (N, 2)))


class TestParquet:
    """Columns of Parquet, in any number of files and row groups."""

    @pytest.fixture
    def table(self, tmp_path: Path) -> dict[str, Array]:
        pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        X = numbers("f4")
        columns = {"a": X[:, 0], "b": (X[:, 1] > 0), "c": (10 * X[:, 2]).astype("i2")}
        for i, rows in enumerate((slice(0, 50), slice(50, N))):
            part = pa.table({name: values[rows] for name, values in columns.items()})
            parquet.write_table(part, tmp_path / f"{i}.parquet", row_group_size=7)
        return columns

    def test_columns_are_those_of_the_table(self, tmp_path: Path, table: Any) -> None:
        rows = fm.RowFiles(tmp_path, ["c", "a"])
        assert rows.dtype == np.result_type("i2", "f4")
        np.testing.assert_array_equal(np.asarray(rows)[:, 0], table["c"])
        np.testing.assert_array_equal(np.asarray(rows)[:, 1], table["a"])
        assert fm.RowFiles(tmp_path).shape == (N, 3)
        target = fm.RowFiles(tmp_path, "b")
        assert (target.shape, target.dtype) == ((N,), np.dtype(bool))
        np.testing.assert_array_equal(np.asarray(target), table["b"])
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(target[3:9]))[0], table["b"][3])

    def test_training(self, tmp_path: Path, table: Any) -> None:
        X = np.stack([table["a"], table["c"]], axis=1)
        twins = []
        for given_X in (fm.RowFiles(tmp_path, ["a", "c"]), X):
            net = network(inputs=2)
            net.fit(given_X, numbers("f4", (N, 2)), epochs=2)
            twins.append(net.parameters)
        np.testing.assert_array_equal(*twins)

    def test_what_is_no_number_is_named(self, tmp_path: Path, table: Any) -> None:
        pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        for columns in ([], ["a", "a"]):
            with pytest.raises(ValueError, match=r"^RowFiles: columns are .*, expected different"):
                fm.RowFiles(tmp_path, columns)
        with pytest.raises(
            TypeError, match=r"^RowFiles: columns=5 \(int\), expected names of colu"
        ):
            fm.RowFiles(tmp_path, 5)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"^RowFiles: 0.parquet has no column 'd', expected "):
            fm.RowFiles(tmp_path, ["d"])
        parquet.write_table(pa.table({"a": ["x"], "c": [None]}), tmp_path / "2.parquet")
        with pytest.raises(TypeError, match=r"^RowFiles: 2.parquet: column 'a' is string, expecte"):
            fm.RowFiles(tmp_path, ["a"])
        missing = pa.table({"c": pa.array([1, None], pa.int16())})
        parquet.write_table(missing, tmp_path / "2.parquet")
        with pytest.raises(ValueError, match=r"2.parquet: column 'c' has missing values, expecte"):
            fm.RowFiles(tmp_path, "c")

    def test_a_full_cache_is_an_error_not_a_signal(
        self, tmp_path: Path, table: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file is written, not mapped, until it is whole."""
        with Path("/dev/full").open("r+b", buffering=0) as full:
            monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: nullcontext(full))
            with pytest.raises(OSError, match="No space left"):
                fm.RowFiles(tmp_path, "a")
            monkeypatch.undo()
