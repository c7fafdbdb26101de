"""Read handwritten digits by a convolutional network, after LeNet, beside one without.

Shows the filters before and after as numbers. Needs scikit-learn for the data:
pip install "fastmlp[demo]". Takes a few seconds.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastmlp as fm

X, y = load_digits(return_X_y=True)
images = X.reshape(-1, 8, 8, 1) / 16  # with one channel
X_fit, X_test, y_fit, y_test = train_test_split(images, y, stratify=y, random_state=0)

networks = {
    "dense": fm.Network([64, 64, 10], output="softmax", seed=0),
    "convolutional": fm.Network(
        [
            fm.Conv2D(16, 3, "relu", padding="same"),
            fm.Conv2D(16, 3, "relu", padding="same"),
            fm.MaxPool2D(2),
            fm.SpatialDropout(0.1),
            fm.Conv2D(32, 3, "relu", padding="same"),
            fm.MaxPool2D(2),
            fm.Dropout(0.3),
            fm.Dense(10, "softmax"),
        ],
        inputs=(8, 8, 1),
        init="he_uniform",
        seed=0,
    ),
}
first = networks["convolutional"].weights[0]  # (3, 3, 1, 16)
before = first[..., 0, 0].copy()
for name, net in networks.items():
    rate = fm.CosineDecay(3e-3, steps=20 * 43)
    net.fit(X_fit.reshape(-1, *net.input_shape), y_fit, optimizer=fm.Adam(rate), epochs=20)
    read = net.predict(X_test.reshape(-1, *net.input_shape)).argmax(axis=1)
    print(f"{name:14} {net.n_parameters:6} parameters, test accuracy {np.mean(read == y_test):.3f}")
print(networks["convolutional"])

print("\nthe first filter before and after")
for row_before, row_after in zip(before, first[..., 0, 0], strict=True):
    print("  ".join(f"{w:6.2f}" for w in row_before), " | ",
          "  ".join(f"{w:6.2f}" for w in row_after))  # fmt: skip
