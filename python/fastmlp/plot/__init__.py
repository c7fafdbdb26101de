"""Plots of functions, training runs and networks with matplotlib, an optional dependency.

Each function draws on the given `ax`, or on a new figure, and returns the axes. Colour-blind
readers can distinguish the colours, and lines also differ in style or markers.
"""

from fastmlp.plot._activations import activations
from fastmlp.plot._contours import contours
from fastmlp.plot._curves import learning_curve, learning_curves, learning_rate_curve
from fastmlp.plot._images import gradient_norms, misread_digits
from fastmlp.plot._importance import partial_dependence, permutation_importance
from fastmlp.plot._landscape import hessian_spectrum, loss_surface
from fastmlp.plot._predictions import calibration, confusion_matrix
from fastmlp.plot._regions import decision_regions
from fastmlp.plot._weights import weights

__all__ = [
    "activations",
    "calibration",
    "confusion_matrix",
    "contours",
    "decision_regions",
    "gradient_norms",
    "hessian_spectrum",
    "learning_curve",
    "learning_curves",
    "learning_rate_curve",
    "loss_surface",
    "misread_digits",
    "partial_dependence",
    "permutation_importance",
    "weights",
]
