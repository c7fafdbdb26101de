"""
A model of a text, character by character
=========================================

For those who train on long sequences. In the text, written by a grammar, a verb agrees with a noun
many characters before. Training reads pieces of 10 characters: with `carry_state` the network goes
on where the piece before ended (truncated backpropagation through time), reaches the entropy of the
text and then writes sentences itself; without it every piece begins anew.
"""

import re

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
NOUNS, VERBS = ("cat", "dog", "owl", "fox"), ("sleep", "run", "sing", "wait")
N, V = f"({'|'.join(NOUNS)})", f"({'|'.join(VERBS)})"
GRAMMAR = rf" the ({N}( near the {N}s?)? {V}s|{N}s( near the {N}s?)? {V})"
STREAMS, PIECES, LENGTH, EPOCHS = 64, 60, 10, 50
rng = np.random.default_rng(0)


def sentence() -> str:
    """Such as "the cats near the dog sing. "."""
    subject, other, verb = rng.choice(NOUNS), rng.choice(NOUNS), rng.choice(VERBS)
    several, others, near = rng.integers(2, size=3)
    where = near * f" near the {other}{'s' * others}"
    return f"the {subject}{'s' * several}{where} {verb}{'s' * (1 - several)}. "


size = PIECES * LENGTH + 1
texts = ["".join(sentence() for _ in range(size // 10))[:size] for _ in range(STREAMS)]
letters, codes = np.unique([list(text) for text in texts], return_inverse=True)
pieces = np.stack([codes[:, :-1], codes[:, 1:]]).reshape(2, STREAMS, PIECES, LENGTH)
read, y = pieces.swapaxes(1, 2).reshape(2, -1, LENGTH)  # first those that begin the streams
one_hot = np.eye(len(letters), dtype="float32")
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for carry in (False, True):
    layers = [fm.GRU(64, sequences=True), fm.Conv1D(len(letters), 1, "softmax")]
    net = fm.Network(layers, inputs=(LENGTH, len(letters)), seed=0)
    adam = fm.Adam(fm.CosineDecay(1e-2, steps=EPOCHS * PIECES), clip_norm=1.0)
    trainer = fm.Trainer(net, optimizer=adam, batch_size=STREAMS, shuffle=False, carry_state=carry)
    history = trainer.run(one_hot[read], y, epochs=EPOCHS)
    net.recurrent_state, text = None, "."
    for _ in range(2_000):
        p = net.step(one_hot[letters == text[-1]][0]).astype(float)
        text += rng.choice(letters, p=p / p.sum())
    bits = np.array(history["loss"]) / LENGTH / np.log(2)
    right = np.mean([bool(re.fullmatch(GRAMMAR, each)) for each in text.split(".")[1:-1]])
    print(f"carry_state={carry}: {bits[-1]:.3f} bits a character, {right:.0%} of the sentences")
    print(f"are right:{text[1:200]}")
    ax.plot(bits, label=f"carry_state={carry}")
ax.axhline(0.345, color="grey", linestyle=":", label="entropy of the text")
ax.set(xlabel="epoch", ylabel="bits per character", ylim=(0.3, 0.7))
ax.legend(loc="upper right")
plt.show()
