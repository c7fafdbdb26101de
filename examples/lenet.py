"""
A convolutional network, after LeNet
====================================

For those who classify images. A convolutional network reads handwritten digits beside a dense one;
the picture has filters of its first layer and, below each, where it finds its pattern in a digit.
The digits are scikit-learn's, 8 by 8 pixels; `python examples/lenet.py mnist.npz` trains LeNet-5 on
the file of MNIST that Keras distributes.
"""

import sys
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastmlp as fm

if mnist := sys.argv[1:]:
    with np.load(mnist[0]) as file:
        data = [file[name] for name in ("x_train", "x_test", "y_train", "y_test")]
    X_fit, X_test = (images.reshape(-1, 28, 28, 1) / 255 for images in data[:2])
    y_fit, y_test = data[2:]
    layers = [fm.Conv2D(6, 5, "relu", padding="same"), fm.MaxPool2D(2), fm.Conv2D(16, 5, "relu")]
    layers += [fm.MaxPool2D(2), fm.Dense(120, "relu"), fm.Dense(84, "relu")]
else:
    X, y = load_digits(return_X_y=True)
    images = X.reshape(-1, 8, 8, 1) / 16  # with one channel
    X_fit, X_test, y_fit, y_test = train_test_split(images, y, stratify=y, random_state=0)
    layers = [fm.Conv2D(16, 3, "relu", padding="same"), fm.Conv2D(16, 3, "relu", padding="same")]
    layers += [fm.MaxPool2D(2), fm.SpatialDropout(0.1), fm.Conv2D(32, 3, "relu", padding="same")]
    layers += [fm.MaxPool2D(2), fm.Dropout(0.3)]
epochs = 8 if mnist else 20
dense = fm.Network([X_fit[0].size, 64, 10], output="softmax", seed=0)
layers += [fm.Dense(10, "softmax")]
net = fm.Network(layers, inputs=X_fit[0].shape, init="he_uniform", seed=0)
for name, each in {"dense": dense, "convolutional": net}.items():
    optimizer = fm.Adam(fm.CosineDecay(3e-3, steps=epochs * -(-len(X_fit) // 32)))
    start = time.process_time()
    each.fit(X_fit.reshape(-1, *each.input_shape), y_fit, optimizer=optimizer, epochs=epochs)
    read = each.predict(X_test.reshape(-1, *each.input_shape)).argmax(axis=1)
    print(
        f"{name:14} {each.n_parameters:6} parameters, test accuracy {np.mean(read == y_test):.3f}, "
        f"{time.process_time() - start:.1f} s of a processor"
    )
filters, maps = net.weights[0][:, :, 0], net.activations(X_test[:1])[0][0]
figure, axes = plt.subplots(2, 7, figsize=(9, 2.8), layout="constrained")
axes[0, 0].set_axis_off()
axes[1, 0].imshow(X_test[0, :, :, 0], "gray_r")
limit = np.abs(filters).max()
for k, (above, below) in enumerate(axes[:, 1:].T):
    above.imshow(filters[:, :, k], "RdBu_r", vmin=-limit, vmax=limit)
    below.imshow(maps[:, :, k], "gray_r")
for ax, title in zip(axes[:, :2].flat, ("", "filters", "digit", "feature maps"), strict=True):
    ax.set_title(title)
plt.setp(axes, xticks=[], yticks=[])
plt.show()
