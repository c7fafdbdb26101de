"""The order of the gallery: that of the lecture, then whole tasks."""

LECTURE = (
    *("perceptron", "activations", "xor", "spirals", "digits", "lenet", "autoencoder"),
    *("diagnosis", "loss_surface", "local_minima"),
    *("bowl", "decay", "momentum", "delta_bar_delta", "adaptive", "cliff", "clipping"),
    *("saddle", "valley", "second_order", "spectrum", "polyak"),
    *("early_stopping", "l1_l2", "noise", "dropout", "dropout_bars", "laplace_bars"),
    *("adding", "vanishing", "sunspots", "characters"),
)


class LectureOrder:
    """Key of a file; those that are not listed follow by their names."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, file: str) -> tuple[int, str]:
        stem = file.removesuffix(".py")
        return (LECTURE.index(stem) if stem in LECTURE else len(LECTURE)), stem
