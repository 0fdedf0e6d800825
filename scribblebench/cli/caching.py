"""Filling the cache of prepared cases before they are needed, in parallel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scribblebench.cli.processes import results_of
from scribblebench.cli.progress import progress

if TYPE_CHECKING:  # at run time these would bring torch to commands that do not train
    from scribblebench.sweep.sources import DataRequest, Places


def fill_cache(request: DataRequest, places: Places, *, workers: int) -> None:
    """Prepare and keep the cases of a protocol that are not kept yet; nothing without a cache.

    Raises
    ------
    InputError
        Naming the first file at fault; what was prepared before it is kept.
    """
    from scribblebench.data.cache import Cache
    from scribblebench.sweep.sources import open_source, split_parts

    source = open_source(request, places)
    if not isinstance(source, Cache):
        return
    wanted = [case_id for part in split_parts(request, source) for case_id in part]
    missing = [case_id for case_id in wanted if not source.path_of(case_id).is_file()]
    for _ in progress(results_of(source.keep, missing, workers), "prepare", len(missing)):
        pass
