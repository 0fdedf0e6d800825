"""How good a prediction is: overlap, surface distances, and their summary over cases."""

from scribblebench.metrics.case import ClassScore, score_case
from scribblebench.metrics.overlap import dice
from scribblebench.metrics.summary import average_seeds, summarise

__all__ = ["ClassScore", "average_seeds", "dice", "score_case", "summarise"]
