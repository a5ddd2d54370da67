"""Damaged files of every format: a named outcome, an unchanged original, a readable output.

``python -m benchmarks.fuzz`` goes on with the same row of files.
"""

from collections import Counter

import pytest

from tests.fuzzing.mutations import damaged
from tests.fuzzing.seeds import seeds
from tests.fuzzing.trial import outcome_of

COUNT = 300


@pytest.fixture(scope="module")
def sound():
    return seeds()


def test_sound_files_go_through(sound, tmp_path):
    assert len(sound) >= 30
    for number, (name, data) in enumerate(sorted(sound.items())):
        assert outcome_of(name, data, tmp_path, 7 * number).startswith("ok"), name


def test_damaged_files_have_an_outcome(sound, tmp_path):
    outcomes = Counter()
    for number in range(COUNT):
        name, data = damaged(sound, number)
        outcomes[outcome_of(name, data, tmp_path, number)] += 1
    assert sum(outcomes.values()) == COUNT
    assert {"ok", "unreadable", "truncated"} <= set(outcomes)


def test_the_same_number_is_the_same_file(sound):
    assert damaged(sound, 5) == damaged(sound, 5) != damaged(sound, 6)
