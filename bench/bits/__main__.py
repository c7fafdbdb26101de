"""Results of many small trainings, to the bit: written by one version, compared by another.

python -m bench.bits --write base.npz        hashes and values; base.json has only the hashes
python -m bench.bits --compare base.npz      prints what differs, and by how much; fails if any does
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.bits import evaluations, options, trainings
from bench.bits.networks import Case
from bench.workloads import Array

FAMILIES = (
    trainings.layers_and_batches,
    trainings.losses,
    trainings.activations,
    options.rules,
    options.options,
    options.schedules,
    options.penalties,
    evaluations.evaluations,
    evaluations.loops,
    evaluations.initializers,
    evaluations.minimizations,
)
KEPT = 512  # values of a result at most, evenly spaced
Table = dict[str, tuple[str, Array]]  # by case and result: hash, values


def cases() -> Iterator[Case]:
    return itertools.chain.from_iterable(family() for family in FAMILIES)


def record(pattern: str) -> Table:
    """Run all cases whose name has the pattern; an exception is a result too."""
    table: Table = {}
    for name, function in cases():
        if pattern not in name:
            continue
        try:
            results = function()
        except Exception as error:
            results = {f"{type(error).__name__}: {error}": 0.0}
        for part, value in results.items():
            assert f"{name}: {part}" not in table
            table[f"{name}: {part}"] = digest(value)
    return table


def digest(value: Any) -> tuple[str, Array]:
    """sha256 of bits, types and shapes; and some of the values."""
    arrays = [np.asarray(one) for one in (value if isinstance(value, list) else [value])]
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype} {array.shape} ".encode() + array.tobytes())
    flat = np.concatenate([array.ravel() for array in arrays] or [np.zeros(0)])
    numbers = flat.astype(float) if flat.dtype.kind in "fiub" else np.zeros(0)
    return total.hexdigest(), numbers[:: max(1, len(numbers) // KEPT)]


def write(table: Table, path: Path) -> None:
    hashes = {name: sha for name, (sha, _) in table.items()}
    if path.suffix == ".json":
        path.write_text(json.dumps(hashes, indent=0), encoding="utf-8")
        return
    values = [values for _, values in table.values()]
    ends = np.cumsum([len(each) for each in values])
    names, digests = np.array(list(hashes)), np.array(list(hashes.values()))
    np.savez_compressed(path, names=names, hashes=digests, ends=ends, values=np.concatenate(values))


def read(path: Path) -> Table:
    """Hashes, and values where the file has them."""
    if path.suffix == ".json":
        hashes = json.loads(path.read_text(encoding="utf-8"))
        return {name: (sha, np.zeros(0)) for name, sha in hashes.items()}
    with np.load(path) as file:
        values = np.split(file["values"], file["ends"][:-1])
        pairs = zip(file["hashes"].tolist(), values, strict=True)
        return dict(zip(file["names"].tolist(), pairs, strict=True))


def difference(old: Array, new: Array) -> str:
    """The largest difference relative to the largest value."""
    if old.shape != new.shape or old.size == 0:
        return "" if old.size == 0 else "another shape"
    scale = np.abs(old).max() or 1.0
    return f"{np.abs(new - old).max() / scale:.1e}"


def compare(old: Table, new: Table, pattern: str) -> int:
    """Print every difference; return their number."""
    old = {name: entry for name, entry in old.items() if pattern in name.rpartition(": ")[0]}
    found = [f"{name}: missing" for name in old if name not in new]
    found += [f"{name}: new" for name in new if name not in old]
    for name in old.keys() & new.keys():
        if old[name][0] != new[name][0]:
            found.append(f"{name}: differs  {difference(old[name][1], new[name][1])}")
    print("\n".join(sorted(found)))
    print(f"{len(old)} results, {len(found)} different")
    return len(found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.bits", description="results, to the bit")
    parser.add_argument("--write", type=Path, metavar="FILE", help="a .json or .npz")
    parser.add_argument("--compare", type=Path, metavar="FILE")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name has TEXT")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    table = record(arguments.only)
    print(f"{len(table)} results in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    if arguments.write:
        write(table, arguments.write)
    if arguments.compare:
        return min(1, compare(read(arguments.compare), table, arguments.only))
    return 0


if __name__ == "__main__":
    sys.exit(main())
