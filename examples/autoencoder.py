"""
An autoencoder with tied weights, beside PCA
============================================

For those who compress data. Handwritten digits become 8 numbers and digits again. The decoder has
the transposed weights of the encoder (`fm.Tied`), so half of the parameters; without nonlinear
layers it would find what principal component analysis finds, with them it loses less.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

import fastmlp as fm

N_NUMBERS, EPOCHS = 8, 200

X = load_digits(return_X_y=True)[0] / 16
X_fit, X_test = train_test_split(X, random_state=0)

wide, narrow = fm.Dense(64, "tanh"), fm.Dense(N_NUMBERS, "identity")
net = fm.Network(
    [wide, narrow, fm.Tied(narrow, activation="tanh"), fm.Tied(wide, activation="identity")],
    inputs=64,
    seed=0,
)
rate = fm.CosineDecay(3e-3, steps=EPOCHS * -(-len(X_fit) // 32))
net.fit(X_fit, X_fit, optimizer=fm.Adam(rate), epochs=EPOCHS)
print(net)

pca = PCA(N_NUMBERS).fit(X_fit)
restored = {
    "PCA": pca.inverse_transform(pca.transform(X_test)),
    "autoencoder": net.predict(X_test),
}
for name, images in restored.items():
    print(f"{name:12} root mean square error {np.sqrt(np.mean((images - X_test) ** 2)):.4f}")

rows = {"digit": X_test, **restored}
figure, axes = plt.subplots(len(rows), 10, figsize=(9, 3), layout="constrained")
for (title, images), row in zip(rows.items(), axes, strict=True):
    for image, ax in zip(images, row, strict=False):
        ax.imshow(image.reshape(8, 8), "gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(title)
plt.show()
