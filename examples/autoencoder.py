"""
An autoencoder with tied weights, read in its middle, beside PCA
================================================================

For those who compress data. Handwritten digits become 8 numbers and digits again. The decoder has
the transposed weights of the encoder (`fm.Tied`), so half of the parameters; without nonlinear
layers it would find what principal component analysis finds, with them it loses less. The numbers
are `net.activations(X)[1]`; a linear classifier reads the digits from them alone.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import fastmlp as fm

N_NUMBERS, EPOCHS = 8, 200

X, y = load_digits(return_X_y=True)
X_fit, X_test, y_fit, y_test = train_test_split(X / 16, y, random_state=0)

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

codes_fit, codes = net.activations(X_fit)[1], net.activations(X_test)[1]
classifier = LogisticRegression(max_iter=2000).fit(codes_fit, y_fit)
print(f"digits read from {codes.shape[1]} numbers: accuracy {classifier.score(codes, y_test):.3f}")

rows = {"digit": X_test, **restored}
figure, axes = plt.subplots(len(rows), 10, figsize=(9, 3), layout="constrained")
for (title, images), row in zip(rows.items(), axes, strict=True):
    for image, ax in zip(images, row, strict=False):
        ax.imshow(image.reshape(8, 8), "gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(title)
plt.show()
