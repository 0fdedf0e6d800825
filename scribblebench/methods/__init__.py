"""Methods: named compositions of what `training` provides."""

from scribblebench.methods import full, pce, rivals, zscribbleseg, zscribbleseg_plus  # fill METHODS
from scribblebench.methods.method import METHODS, Method

__all__ = ["METHODS", "Method", "full", "pce", "rivals", "zscribbleseg", "zscribbleseg_plus"]
