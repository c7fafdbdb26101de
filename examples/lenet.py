"""Read handwritten digits by a convolutional network, after LeNet, beside one without.

python examples/lenet.py [mnist.npz]

Without a file: the digits of scikit-learn, 8 by 8 pixels, in a few seconds. With one that has the
arrays x_train, y_train, x_test and y_test, as Keras distributes MNIST: LeNet-5. With matplotlib the
first filters before and after are drawn into lenet.png. Needs pip install "fastmlp[demo]".
"""

import importlib.util
import sys
import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastmlp as fm

if len(sys.argv) > 1:
    with np.load(sys.argv[1]) as file:
        given = {name.lower(): file[name] for name in file.files}
    X_fit, X_test = (given[f"x_{part}"].reshape(-1, 28, 28, 1) / 255 for part in ("train", "test"))
    y_fit, y_test = (given[f"y_{part}"].astype(int) for part in ("train", "test"))
    epochs = 8
    layers = [
        fm.Conv2D(6, 5, "relu", padding="same"),
        fm.MaxPool2D(2),
        fm.Conv2D(16, 5, "relu"),
        fm.MaxPool2D(2),
        fm.Dense(120, "relu"),
        fm.Dense(84, "relu"),
        fm.Dense(10, "softmax"),
    ]
else:
    X, y = load_digits(return_X_y=True)
    images = X.reshape(-1, 8, 8, 1) / 16  # with one channel
    X_fit, X_test, y_fit, y_test = train_test_split(images, y, stratify=y, random_state=0)
    epochs = 20
    layers = [
        fm.Conv2D(16, 3, "relu", padding="same"),
        fm.Conv2D(16, 3, "relu", padding="same"),
        fm.MaxPool2D(2),
        fm.SpatialDropout(0.1),
        fm.Conv2D(32, 3, "relu", padding="same"),
        fm.MaxPool2D(2),
        fm.Dropout(0.3),
        fm.Dense(10, "softmax"),
    ]

networks = {
    "dense": fm.Network([X_fit[0].size, 64, 10], output="softmax", seed=0),
    "convolutional": fm.Network(layers, inputs=X_fit[0].shape, init="he_uniform", seed=0),
}
filters = networks["convolutional"].weights[0]  # (height, width, channels, filters)
before = filters.copy()
for name, net in networks.items():
    rate = fm.CosineDecay(3e-3, steps=epochs * -(-len(X_fit) // 32))
    start = time.process_time()
    net.fit(
        X_fit.reshape(-1, *net.input_shape), y_fit,
        optimizer=fm.Adam(rate), epochs=epochs, batch_size=32,
    )  # fmt: skip
    read = net.predict(X_test.reshape(-1, *net.input_shape)).argmax(axis=1)
    print(
        f"{name:14} {net.n_parameters:6} parameters, test accuracy {np.mean(read == y_test):.3f}, "
        f"{time.process_time() - start:.1f} s of a processor"
    )
print(networks["convolutional"])

if importlib.util.find_spec("matplotlib"):
    from matplotlib.figure import Figure

    n_filters = filters.shape[-1]
    figure = Figure((n_filters * 0.6, 1.8), layout="constrained")
    axes = figure.subplots(2, n_filters)
    for row, (title, values) in zip(
        axes, {"before": before, "after": filters}.items(), strict=True
    ):
        limit = np.abs(values).max()
        for k, ax in enumerate(row):
            ax.imshow(values[:, :, 0, k], "RdBu", vmin=-limit, vmax=limit)
            ax.set(xticks=[], yticks=[])
        row[0].set_ylabel(title)
    figure.savefig("lenet.png", dpi=150)
