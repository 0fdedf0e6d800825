"""Named, independent random streams.

Every random draw of the package comes from a stream that is named by what it is for:
`rng_for(seed, "scribble", case_id, slice_index, class_id, form)`. The stream depends on nothing
but its name, so no result depends on the order of the work, on the number of workers, or on
which other cases and classes are present.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np


def seed_for(seed: int, *names: str | int) -> int:
    """Hash a seed and a name into an integer in [0, 2**63).

    The hash is SHA-256 of the JSON list `[seed, *names]`, so `("a", "bc")` and `("ab", "c")`,
    or `1` and `"1"`, are different names, and the value is the same on every machine.
    """
    text = json.dumps([int(seed), *(n if isinstance(n, str) else int(n) for n in names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def rng_for(seed: int, *names: str | int) -> np.random.Generator:
    """Return the generator of the stream `names` under `seed`.

    Parameters
    ----------
    seed : int
        The seed that the user chose.
    *names : str or int
        What the stream is for, from general to particular.

    Returns
    -------
    numpy.random.Generator
        PCG64, freshly seeded; two calls with the same arguments give equal streams.
    """
    return np.random.Generator(np.random.PCG64(seed_for(seed, *names)))
