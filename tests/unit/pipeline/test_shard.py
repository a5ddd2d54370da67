import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.shard import Shard, parse_shard

NAMES = st.lists(
    st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1), min_size=1, max_size=4
).map("/".join)


@given(NAMES, st.integers(1, 300))
def test_exactly_one_shard_holds_each_image(name, count):
    assert sum(Shard(index, count).holds(Path(name)) for index in range(count)) == 1


@given(NAMES, st.integers(1, 300))
def test_both_unicode_forms_of_a_name_are_in_one_shard(name, count):
    forms = [Path(unicodedata.normalize(form, name)) for form in ("NFC", "NFD")]
    assert [Shard(0, count).holds(form) for form in forms] == [Shard(0, count).holds(Path(name))] * 2


def test_a_name_that_is_not_unicode_has_a_shard():
    assert sum(Shard(index, 7).holds(Path("caf\udce9.jpg")) for index in range(7)) == 1


def test_shards_are_about_equally_large():
    sizes = [sum(Shard(index, 4).holds(Path(f"{i}.jpg")) for i in range(4000)) for index in range(4)]
    assert min(sizes) > 900


def test_which_shard_holds_a_name_never_changes():
    """Else a new version would do in one shard what another one has recorded."""
    assert [Shard(0, 2).holds(Path(f"{name}.jpg")) for name in "abcdef"] == [
        False,
        True,
        True,
        False,
        True,
        False,
    ]


SLURM = {"SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_COUNT": "4"}
STEP = {"SLURM_ARRAY_TASK_STEP": "2"}
GAP = {"SLURM_ARRAY_TASK_MAX": "9"}
"""As of an array 0,1,2,9."""


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        (SLURM | {"SLURM_ARRAY_TASK_ID": "3"}, Shard(3, 4)),
        (SLURM | {"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "1"}, Shard(2, 4)),
        (SLURM | STEP | {"SLURM_ARRAY_TASK_ID": "6"}, Shard(3, 4)),
        (SLURM | {"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_MAX": "3"}, Shard(1, 4)),
        (SLURM | STEP | {"SLURM_ARRAY_TASK_ID": "6", "SLURM_ARRAY_TASK_MAX": "7"}, Shard(3, 4)),
        (SLURM | {"SLURM_ARRAY_TASK_ID": "9", "LLE_SHARDS": "16"}, Shard(9, 16)),
        (SLURM | GAP | {"SLURM_ARRAY_TASK_ID": "1", "LLE_SHARDS": "16"}, Shard(1, 16)),
        ({"JOB_COMPLETION_INDEX": "2", "LLE_SHARDS": "5"}, Shard(2, 5)),
    ],
)
def test_auto_takes_the_shard_from_the_scheduler(environment, shard):
    assert parse_shard("auto", environment) == shard


@pytest.mark.parametrize(
    ("text", "environment", "words"),
    [
        ("auto", {}, "needs SLURM_ARRAY_TASK_ID .* or JOB_COMPLETION_INDEX"),
        ("auto", {"SLURM_ARRAY_TASK_ID": "3"}, "not SLURM_ARRAY_TASK_MIN and SLURM_ARRAY_TASK_COUNT"),
        ("auto", {"JOB_COMPLETION_INDEX": "3"}, "set LLE_SHARDS to the completions"),
        ("auto", {"JOB_COMPLETION_INDEX": "3", "LLE_SHARDS": "four"}, "LLE_SHARDS is 'four'"),
        ("auto", SLURM | {"SLURM_ARRAY_TASK_ID": "9"}, "task 9 is not one of 4 tasks without gaps"),
        ("auto", SLURM | GAP | {"SLURM_ARRAY_TASK_ID": "1"}, "task 1 is not one of 4 tasks without gaps"),
        ("4/4", {}, "no shard 4/4: shards count from 0; the last one is 3/4"),
        ("0/0", {}, "no shard 0/0"),
        ("1", {}, "takes i/n, such as 0/4, or auto"),
        ("-1/4", {}, "takes i/n"),
    ],
)
def test_what_is_no_shard_is_refused_with_what_is_missing(text, environment, words):
    with pytest.raises(UsageError, match=words):
        parse_shard(text, environment)
