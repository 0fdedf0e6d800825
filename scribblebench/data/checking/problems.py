"""What a check of a data set finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or may be.

    Parameters
    ----------
    severity : str
        "error": something cannot be used, or results on it would be wrong; "warning": it is odd,
        and somebody should look.
    kind : str
        What sort of problem it is, such as "geometry"; one word for programs.
    case_id : str or None
        None where it is not a case's.
    text : str
        One line that names the file where there is one.
    """

    severity: Severity
    kind: str
    case_id: str | None
    text: str

    def line(self) -> str:
        """Return the problem as people read it."""
        return self.text if self.case_id is None else f"{self.case_id}: {self.text}"
