"""What somebody should know of the data before trials are run on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from scribblebench.sweep.training_stage import TrialData

MUCH_CUT = 0.05
"""A case that loses more than this share of its foreground to the field of view is told of."""


def view_notes(data: TrialData) -> Iterator[str]:
    """Yield a line if the field of view cuts off much of the foreground."""
    cases = [*data.training, *data.scored]
    shares = {s.case.case_id: s.cut_share for s in cases if s.cut_share is not None}
    cut = {case_id: share for case_id, share in shares.items() if share > MUCH_CUT}
    if cut:
        worst = max(cut, key=lambda case_id: cut[case_id])
        yield (
            f"the field of view cuts off more than {100 * MUCH_CUT:.0f} % of the foreground of "
            f"{len(cut)} of {len(shares)} cases, most of '{worst}' ({100 * cut[worst]:.0f} %); "
            "what is cut off counts as missed (training.field_of_view, of volumes also "
            "training.volume.planes)"
        )


def split_notes(named: Collection[str], there: Collection[str]) -> Iterator[str]:
    """Yield a line if a file of a split does not know some cases of the data set.

    Parameters
    ----------
    named : collection of str
        Cases that the file names; empty where there is no file.
    there : collection of str
        Cases of the data set.
    """
    unknown = sorted(set(there) - set(named)) if named else []
    if unknown:
        yield (
            f"split.file names {len(there) - len(unknown)} of {len(there)} cases and not "
            f"'{unknown[0]}'; the others are left out"
        )
