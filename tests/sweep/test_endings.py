"""What is remembered of attempts that ended without a result."""

import os

import pytest

from scribblebench.sweep import endings
from scribblebench.sweep.attempts import Owner
from scribblebench.sweep.endings import Endings
from scribblebench.sweep.states import seen_once
from scribblebench.sweep.store import Store

ME = Owner.this_process("run", 0)


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(endings, "FEW", 1)


@pytest.fixture
def store(tmp_path):
    """Return a store in which trial `x` failed an hour ago."""
    store = Store(tmp_path)
    store.attempts("x").claim(ME, None).end("failed", fault="trial", error="ValueError: no")
    os.utime(store.attempts("x").folder, (1e9, 1e9))
    return store


def look(store, looks):
    """Return the state of `x`, and note that its files were asked."""
    seen = Endings(store)

    def ask():
        looks.append(1)
        return seen_once(store, "x")

    state = seen.state("x", ask)
    seen.save()
    return state


def test_a_failure_is_read_once(store):
    looks = []
    first, second = look(store, looks), look(store, looks)
    assert len(looks) == 1
    assert first.name == second.name == "failed"
    assert second.attempt.folder == first.attempt.folder
    assert (second.status.fault, second.status.error) == ("trial", "ValueError: no")


def test_another_attempt_is_noticed(store):
    look(store, [])
    attempts = store.attempts("x")
    attempts.claim(ME, attempts.last())
    assert look(store, []).name == "running"
    attempts.last().end("stopped")
    assert look(store, []).name == "stopped"


def test_what_has_only_just_ended_is_not_remembered(store):
    """Another attempt might begin within the same second, which some file systems count in."""
    os.utime(store.attempts("x").folder)
    looks = []
    look(store, looks)
    look(store, looks)
    assert len(looks) == 2


def test_a_damaged_table_is_none(store):
    look(store, [])
    (store.root / "endings.parquet").write_bytes(b"damaged")
    assert look(store, []).name == "failed"


def test_a_failure_that_was_cleaned_away_is_forgotten(store):
    look(store, [])
    for path in sorted(store.attempts("x").folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    store.attempts("x").folder.rmdir()
    assert look(store, []).name == "to do"
