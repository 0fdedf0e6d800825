"""Errors that are collected: none is lost, and none comes twice."""

import pickle

import pytest

from scribblebench.errors import Attempts, CombinedError, InputError


def fail(*texts):
    raise CombinedError([InputError(text) for text in texts])


def test_what_went_well_is_returned_and_what_did_not_is_raised_at_the_end():
    attempts = Attempts()
    assert attempts.at(divmod, 7, 2) == (3, 1)
    attempts.end()
    assert attempts.at(fail, "a", "b") is None
    assert attempts.at(fail, "b", "c") is None
    with pytest.raises(CombinedError, match=r"^a$") as caught:
        attempts.end()
    assert [str(error) for error in caught.value.errors] == ["a", "b", "c"]


def test_a_single_error_is_raised_as_it_is():
    attempts = Attempts()
    attempts.at(int, "7")
    attempts.at(fail, "a")
    with pytest.raises(InputError) as caught:
        attempts.end()
    assert type(caught.value) is InputError


def test_bugs_are_not_collected():
    with pytest.raises(ValueError, match="invalid literal"):
        Attempts().at(int, "x")


def test_all_errors_arrive_from_another_process():
    with pytest.raises(CombinedError) as caught:
        fail("a", "b")
    arrived = pickle.loads(pickle.dumps(caught.value))
    assert (str(arrived), [str(error) for error in arrived.errors]) == ("a", ["a", "b"])
