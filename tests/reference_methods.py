"""Second-order methods in plain NumPy, as formulas for one step from what went before."""

from __future__ import annotations

import numpy as np

from reference import Array


def inverse_bfgs(G: Array, s: Array, y: Array) -> Array:
    """(I - r s yᵀ) G (I - r y sᵀ) + r s sᵀ (Nocedal & Wright 2006, 6.17)."""
    r, identity = 1 / (y @ s), np.eye(len(s))
    V = identity - r * np.outer(s, y)
    return V @ G @ V.T + r * np.outer(s, s)


def inverse_dfp(G: Array, s: Array, y: Array) -> Array:
    """G - G y yᵀ G / yᵀ G y + s sᵀ / yᵀ s (Nocedal & Wright 2006, 6.15)."""
    Gy = G @ y
    return G - np.outer(Gy, Gy) / (y @ Gy) + np.outer(s, s) / (y @ s)


def kept(s: Array, y: Array) -> bool:
    return bool(s @ y > np.finfo(np.float64).eps * (y @ y))


def quasi_newton_direction(W: Array, g: Array, update: str) -> Array:
    """d = -G g at the last point of a path, G from all steps (BFGS, DFP)."""
    G, rule = None, inverse_dfp if update == "dfp" else inverse_bfgs
    for s, y in zip(np.diff(W, axis=0), np.diff(g, axis=0), strict=True):
        if kept(s, y):
            G = np.eye(len(s)) * (s @ y) / (y @ y) if G is None else G
            G = rule(G, s, y)
    return -g[-1] if G is None else -G @ g[-1]


def lbfgs_direction(W: Array, g: Array, history_size: int) -> Array:
    """d = -G g, G the BFGS updates by the last pairs of sᵀy/yᵀy I (of the last pair)."""
    steps = zip(np.diff(W, axis=0), np.diff(g, axis=0), strict=True)
    pairs = [(s, y) for s, y in steps if kept(s, y)][-history_size:]
    if not pairs:
        return -g[-1]
    s, y = pairs[-1]
    G = np.eye(len(s)) * (s @ y) / (y @ y)
    for s, y in pairs:
        G = inverse_bfgs(G, s, y)
    return -G @ g[-1]


def cg_beta(formula: str, g: Array, g_old: Array, d_old: Array, H: Array) -> float:
    """beta of d = -g + beta d_old, 0 where successive gradients are far from orthogonal."""
    y = g - g_old
    if abs(g @ g_old) > 0.2 * (g @ g):
        return 0.0
    return {
        "fletcher_reeves": lambda: g @ g / (g_old @ g_old),
        "polak_ribiere": lambda: max(0.0, g @ y / (g_old @ g_old)),
        "hestenes_stiefel": lambda: g @ y / (d_old @ y),
        "dai_yuan": lambda: g @ g / (d_old @ y),
        "daniel": lambda: g @ H @ d_old / (d_old @ H @ d_old),
    }[formula]()


def truncated_newton(B: Array, g: Array, M: Array, iterations: int) -> Array:
    """x after some iterations of CG for B x = -g, preconditioned by diag(M), from x = 0."""
    x, r = np.zeros_like(g), -g
    d = z = r / M
    for _ in range(iterations):
        Bd = B @ d
        alpha = (r @ z) / (d @ Bd)
        x, r_new = x + alpha * d, r - alpha * Bd
        z_new = r_new / M
        d = z_new + (r_new @ z_new) / (r @ z) * d
        r, z = r_new, z_new
    return x
