"""Checks of a data set: what is wrong with its files, its labels and its split."""

from scribblebench.data.checking.case import CaseFacts, inspect_case
from scribblebench.data.checking.problems import Problem
from scribblebench.data.checking.report import Report, make_report

__all__ = ["CaseFacts", "Problem", "Report", "inspect_case", "make_report"]
