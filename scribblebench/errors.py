"""The one exception that means: what the user gave us cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class InputError(ValueError):
    """Bad input from outside: a file, a protocol, an option.

    The message is one line, names the file and key at fault and says what was expected.
    The command line prints it as it is; any other exception is a bug and keeps its traceback.
    """


class CombinedError(InputError):
    """All that is wrong with one thing, such as the files of a case; the message is the first one.

    Parameters
    ----------
    errors : sequence of InputError
        One at least.
    """

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__(str(errors[0]))
        self.errors = tuple(errors)

    def __reduce__(self) -> tuple[type[CombinedError], tuple[tuple[InputError, ...]]]:
        """Keep all of them on the way between processes."""
        return CombinedError, (self.errors,)


class Attempts:
    """Steps of which each is tried, whatever became of the others."""

    def __init__(self) -> None:
        self.errors: list[InputError] = []

    def at(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return what a step returns; None, and remember why, where it finds bad input."""
        try:
            return step(*args, **kwargs)
        except InputError as error:
            found = error.errors if isinstance(error, CombinedError) else (error,)
            known = {str(one) for one in self.errors}
            self.errors += [one for one in found if str(one) not in known]
            return None

    def end(self) -> None:
        """Raise what was found.

        Raises
        ------
        InputError
            The only error, or `CombinedError`; nothing where all steps went well.
        """
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise CombinedError(self.errors)
