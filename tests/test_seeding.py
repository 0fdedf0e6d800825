import hashlib

import numpy as np
import pytest

from scribblebench.seeding import rng_for, seed_for


def test_seed_is_the_same_on_every_machine():
    """SHA-256 of '[7, "scribble", "p1", 3]', first 8 bytes, shifted by one bit."""
    digest = hashlib.sha256(b'[7, "scribble", "p1", 3]').digest()
    assert seed_for(7, "scribble", "p1", 3) == int.from_bytes(digest[:8], "big") // 2


@pytest.mark.parametrize(
    ("one", "other"), [(("a", "bc"), ("ab", "c")), ((1,), ("1",)), ((1, 2), (12,))]
)
def test_names_that_only_look_alike_give_different_streams(one, other):
    assert seed_for(0, *one) != seed_for(0, *other)


def test_streams_with_one_name_are_equal_and_with_two_names_are_not():
    first, again = rng_for(3, "x").random(8), rng_for(3, "x").random(8)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, rng_for(3, "y").random(8))
    assert not np.array_equal(first, rng_for(4, "x").random(8))
