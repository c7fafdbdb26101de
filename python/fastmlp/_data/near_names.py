"""What was meant by a name that is not known: another library's, or one spelled a little otherwise.

The core asks here too, for the names of its members and their parameters.
"""

from __future__ import annotations

from collections.abc import Iterable

ELSEWHERE = {  # names of other libraries, in small letters without signs
    # activations and initialisers
    "linear": ("identity",),
    "none": ("identity",),
    "logistic": ("sigmoid",),
    "swish": ("silu",),
    "sin": ("sine",),
    "exp": ("exponential",),
    "hardtanh": ("hard_tanh",),
    "prelu": ("leaky_relu",),
    "he": ("he_uniform", "he_normal"),
    "kaiminguniform": ("he_uniform",),
    "kaimingnormal": ("he_normal",),
    "xavier": ("glorot_uniform", "glorot_normal"),
    "xavieruniform": ("glorot_uniform",),
    "xaviernormal": ("glorot_normal",),
    "glorot": ("glorot_uniform", "glorot_normal"),
    "randomnormal": ("normal",),
    # losses and metrics
    "mse": ("squared_error", "rmse"),
    "meansquarederror": ("squared_error", "rmse"),
    "l2": ("squared_error",),
    "mae": ("absolute_error",),
    "meanabsoluteerror": ("absolute_error", "mae"),
    "l1": ("absolute_error",),
    "smoothl1": ("huber",),
    "bce": ("binary_cross_entropy",),
    "binarycrossentropy": ("binary_cross_entropy",),
    "logloss": ("cross_entropy", "binary_cross_entropy"),
    "nll": ("cross_entropy",),
    "categoricalcrossentropy": ("cross_entropy",),
    "sparsecategoricalcrossentropy": ("cross_entropy",),
    "pinball": ("quantile",),
    "acc": ("accuracy",),
    "rocauc": ("auc",),
    "f1score": ("f1",),
    "r2score": ("r2",),
    "topkaccuracy": ("top_3_accuracy",),
    # parameters
    "lr": ("learning_rate", "optimizer=fm.Adam(learning_rate=...)"),
    "learningrate": ("learning_rate", "optimizer=fm.Adam(learning_rate=...)"),
    "eta": ("learning_rate",),
    "betas": ("beta1",),
    "epsilon": ("eps",),
    "alpha": ("l2", "slope"),
    "rate": ("learning_rate",),
    "decay": ("weight_decay",),
    "clipnorm": ("clip_norm",),
    "clipvalue": ("clip_value",),
    "usebias": ("bias",),
    "nout": ("units",),
    "outfeatures": ("units",),
    "kernelinitializer": ("init",),
    "weightdecay": ("l2", "optimizer=fm.AdamW(weight_decay=...)"),
    "momentum": ("optimizer=fm.SGD(momentum=...)",),
    "maxiter": ("epochs", "steps"),
    "nepochs": ("epochs",),
    "nbepoch": ("epochs",),
    "niter": ("epochs", "steps"),
    "verbosity": ("verbose",),
    "validationfraction": ("validation_split",),
    "earlystopping": ("callbacks=fm.EarlyStopping()",),
    "criterion": ("loss",),
    "solver": ("optimizer",),
    "method": ("optimizer",),
    "restorebestweights": ("restore_best",),
    "savebestonly": ("best_only",),
    "randomstate": ("seed",),
    "hidden": ("layers",),
    "hiddenlayersizes": ("layers",),
    "njobs": ("n_threads",),
}
CLOSE = 0.75  # share of letters in common, in which "adan" is near "adam"


def hint(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'silu'?"``, or "" where no known name is near."""
    names = {_plain(each): each for each in known}
    plain = _plain(name)
    meant = [m for m in ELSEWHERE.get(plain, ()) if m.partition("=")[0] in names.values()]
    if not meant:
        import difflib  # where it is used, for a fast import of the package

        near = [plain] if plain in names else difflib.get_close_matches(plain, names, 1, CLOSE)
        meant = [names[each] for each in near]
    texts = [each if "=" in each else repr(each) for each in meant]
    return f"; did you mean {' or '.join(texts)}?" if texts else ""


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
