"""How the workers of a sweep are run: here, in processes of this machine, or elsewhere.

An executor starts workers and listens to them. What is done and by whom is settled among the
workers in the results folder (see `scribblebench.sweep.worker`), so an executor can lose all of
its state without loss to the sweep.
"""

from scribblebench.sweep.executors.base import Executor
from scribblebench.sweep.executors.in_process import InProcess
from scribblebench.sweep.executors.local import Local

__all__ = ["Executor", "InProcess", "Local"]
