"""`Ensemble`: the mean of several networks, and their spread as an error bar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.sequences import as_lengths
from fastmlp._data.threads import check_threads, limited
from fastmlp._data.types import InputLike
from fastmlp._data.validation import InvalidType, InvalidValue, error_prefix, type_error
from fastmlp._io import files, functions, layout, registry
from fastmlp._io.serialization import NETWORK_FORMAT
from fastmlp.network import Network

FORMAT = "fastmlp.ensemble"
VERSION = 1


@registry.register(FORMAT)
class Ensemble:
    """Several networks for one task, whose spread says how sure they are.

    Networks of several seeds, and of bootstrap samples, agree near their samples and differ far
    from them (Lakshminarayanan et al. 2017). `fit_many` trains them in one call.

    Parameters
    ----------
    networks : iterable of Network
        At least two, with the same dtype and shapes of inputs and outputs; their layers may differ.

    Attributes
    ----------
    networks : tuple of Network
        The networks themselves, no copies. An ensemble is iterable, and ``ensemble[i]`` is one.

    Raises
    ------
    ValueError, TypeError
        The networks do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> import fastmlp as fm
    >>> X = np.linspace(-1, 1, 40)[:, None]
    >>> networks = [fm.Network([1, 16, 1], activation="tanh", seed=seed) for seed in range(8)]
    >>> _ = fm.fit_many(networks, X, X**2, optimizer=fm.Adam(0.01), epochs=100)
    >>> mean, std = fm.Ensemble(networks).predict([[0.5], [5.0]])
    >>> bool(std[1] > 3 * std[0])  # where there were no samples
    True
    """

    networks: tuple[Network, ...]

    @error_prefix("Ensemble")
    def __init__(self, networks: Iterable[Network]) -> None:
        members = tuple(networks) if isinstance(networks, Iterable) else ()
        if len(members) < 2:
            raise InvalidValue(f"networks has {len(members)} members, expected at least 2 networks")
        for i, network in enumerate(members):
            if not isinstance(network, Network):
                raise type_error(f"networks[{i}]", network, "an fm.Network")
            for name in ("dtype", "input_shape", "output_shape"):
                value, expected = (getattr(each, name) for each in (network, members[0]))
                if value != expected:
                    raise InvalidValue(
                        f"networks[{i}] has {name}={value}, expected {expected}, as networks[0] has"
                    )
        self.networks = members

    @error_prefix("Ensemble.predict")
    def predict(
        self,
        X: InputLike,
        *,
        lengths: ArrayLike | None = None,
        n_threads: int | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Compute the mean and the standard deviation of the outputs over the networks.

        Parameters
        ----------
        X, lengths, n_threads
            As in `Network.predict`.

        Returns
        -------
        mean, std : ndarray of shape (n_samples, n_outputs) or (n_outputs,)
            In the dtype of the networks; the divisor of the variance is ``len(ensemble) - 1``. The
            mean of softmax outputs are the class probabilities of the ensemble. Cost: a forward
            pass for each network, and no more memory than for one.

        Raises
        ------
        ValueError, TypeError
            X has the wrong shape, or does not contain real numbers.

        Examples
        --------
        >>> import fastmlp as fm
        >>> networks = [fm.Network([4, 3], output="softmax", seed=seed) for seed in range(5)]
        >>> probabilities, std = fm.Ensemble(networks).predict([[1, 2, 3, 4]])
        >>> probabilities.sum().round(5).item()
        1.0
        """
        first = self.networks[0]
        inputs, single = arrays.as_inputs(X, first)
        steps = None if lengths is None else as_lengths(lengths, first, len(inputs))
        natives = [network._native for network in self.networks]
        with limited(check_threads(n_threads)):
            results = arrays.native(first.dtype).predict_ensemble(natives, inputs, steps)
        shape = (len(inputs), *first.output_shape)
        mean, deviation = (result.reshape(shape)[0 if single else ...] for result in results)
        return mean, deviation

    def __len__(self) -> int:
        """Return the number of networks."""
        return len(self.networks)

    def __iter__(self) -> Iterator[Network]:
        """Iterate over the networks."""
        return iter(self.networks)

    def __getitem__(self, index: int) -> Network:
        """Return a network."""
        return self.networks[index]

    def __repr__(self) -> str:
        """Return how many networks there are, and the first."""
        return f"<Ensemble of {len(self)} networks, the first {self.networks[0]!r}>"

    @error_prefix("Ensemble.save")
    def save(self, path: files.Path) -> None:
        """Write all networks to one file, to be read by `Ensemble.load`, as `Network.save` does.

        Examples
        --------
        >>> import fastmlp as fm
        >>> import os, tempfile
        >>> ensemble = fm.Ensemble([fm.Network([2, 1], seed=seed) for seed in range(3)])
        >>> path = os.path.join(tempfile.mkdtemp(), "ensemble.safetensors")
        >>> ensemble.save(path)
        >>> len(fm.Ensemble.load(path))
        3
        """
        files.save(path, self._values(files.network_values))

    @classmethod
    @error_prefix("Ensemble.load")
    def load(
        cls,
        path: files.Path,
        *,
        activation: Any = None,
        max_time_steps: int = layout.MAX_TIME_STEPS,
    ) -> Ensemble:
        """Return the ensemble of a file.

        Parameters
        ----------
        path : str or path-like
            A file of `save`.
        activation : Activation or (f, derivative), or a list of them, optional
            The networks' own activation, as in `fastmlp.load`; a list has one for each layer that
            has one, network by network.
        max_time_steps : int, default 20000
            The most steps of all recurrent layers of a network together, as in `fastmlp.load`.

        Raises
        ------
        ModelFileError
            The file is damaged, foreign, of a later version, or not of an ensemble.
        """
        given = dict.fromkeys(functions.PASSED_OVER) | functions.activations(activation)
        ensemble = cls.__new__(cls)
        restored = files.restore(path, "Ensemble.load", FORMAT, given, max_time_steps)
        functions.check_all_used(restored, activation)
        vars(ensemble).update(vars(restored))
        return ensemble

    def _values(self, of: Any) -> dict[str, Any]:
        return {"format": FORMAT, "version": VERSION, "networks": [of(each) for each in self]}

    def __getstate__(self) -> dict[str, Any]:
        """Return the ensemble as a versioned dictionary."""
        return self._values(Network.__getstate__)

    def __setstate__(self, values: Mapping[str, Any]) -> None:
        """Restore from `__getstate__`."""
        if values.get("version") != VERSION:
            raise InvalidValue(f"version={values.get('version')!r}, expected {VERSION}")
        networks = values["networks"]
        if not isinstance(networks, list):
            raise InvalidType(f"networks={networks!r}, expected a list")
        of = [registry.from_dict(each, NETWORK_FORMAT, "networks") for each in networks]
        Ensemble.__init__(self, of)
