"""The number of processors follows the affinity of the process and the quota of its container."""

import os

import pytest

from lowlight_cli.processors import default_workers, usable_processors


@pytest.fixture
def processors(monkeypatch):
    """Sets how many processors the process may run on."""

    def allow(count):
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(count)), raising=False)

    return allow


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max 100000\n", 8),
        ("300000 100000\n", 3),
        ("150000 100000\n", 2),
        ("5000 100000\n", 1),
        ("6400000 100000\n", 8),
        ("", 8),
        ("0 100000", 8),
        ("100000", 8),
        ("100000 0", 8),
    ],
)
def test_a_quota_of_the_container_is_a_limit(processors, tmp_path, text, expected):
    processors(8)
    (tmp_path / "cpu.max").write_text(text)
    assert usable_processors(tmp_path / "cpu.max") == expected


def test_without_a_quota_the_affinity_counts(processors, tmp_path):
    processors(3)
    assert usable_processors(tmp_path / "missing") == 3
    assert usable_processors(tmp_path) == 3  # a folder cannot be read


@pytest.mark.parametrize(("count", "expected"), [(12, 12), (None, 1)])
def test_systems_without_affinity_count_all_processors(monkeypatch, tmp_path, count, expected):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert usable_processors(tmp_path / "missing") == expected


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (6, 6), (64, 8)])
def test_threads_for_files_are_the_processors_up_to_8(monkeypatch, count, expected):
    monkeypatch.setattr("lowlight_cli.processors.usable_processors", lambda: count)
    assert default_workers() == expected
