"""The manifest of an output folder, and its journal."""

import errno
import hashlib
import json
import os
import time
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from unittest.mock import Mock

import pytest

from lowlight_cli.errors import LockedError
from lowlight_cli.pipeline.journal import journal_path, recover
from lowlight_cli.pipeline.lock import output_lock
from lowlight_cli.pipeline.manifest import Entry, compact_manifest, line_of, manifest_path, read_manifest
from lowlight_cli.pipeline.manifest_writer import ManifestWriter
from lowlight_cli.pipeline.run_log import list_line


def _write(folder, *entries, path=manifest_path):
    writer = ManifestWriter(path(folder))
    for entry in entries:
        writer.add(entry)
    writer.close()


def _entry(output="a.png", **more):
    return Entry(input=output, source=f"/in/{output}", output=output, **more)


def test_the_last_line_about_a_result_counts(tmp_path):
    _write(tmp_path, _entry(w=1), _entry("b.png"), _entry(w=2))
    entries = read_manifest(tmp_path)
    assert list(entries) == ["a.png", "b.png"]
    assert entries["a.png"].w == 2


def test_a_conflict_is_over_once_its_picture_is_made_under_another_name(tmp_path):
    conflict = Entry(input="a.png", source="/in/a.png", output="a.png", status="conflict")
    made = Entry(input="a.png", source="/in/a.png", output="a-2.png")
    _write(tmp_path, _entry("b.png"), conflict)
    assert [entry.status for entry in read_manifest(tmp_path).values()] == ["ok", "conflict"]
    _write(tmp_path, made)
    assert list(read_manifest(tmp_path)) == ["b.png", "a-2.png"]


def test_any_name_survives(tmp_path):
    names = ["caf\udce9.png", "ü\n\u2028.png", '"\\.png']
    _write(tmp_path, *map(_entry, names))
    assert [entry.output for entry in read_manifest(tmp_path).values()] == names


def test_a_line_cut_at_any_byte_costs_no_other_line(tmp_path):
    path = manifest_path(tmp_path)
    path.parent.mkdir()
    last = line_of(_entry("b.png"))
    for length in range(0, len(last) - 1, 7):
        path.write_bytes(line_of(_entry()) + last[:length])
        assert list(read_manifest(tmp_path)) == ["a.png"]
        _write(tmp_path, _entry("c.png"))
        assert list(read_manifest(tmp_path)) == ["a.png", "c.png"]


def test_keys_of_later_versions_do_no_harm(tmp_path):
    path = manifest_path(tmp_path)
    path.parent.mkdir()
    path.write_bytes(line_of(_entry()).replace(b'{"v": 1', b'{"new": [], "v": 2') + b"[]\n1\n\n")
    assert read_manifest(tmp_path)["a.png"].v == 2


def test_a_conflict_says_nothing_about_the_result_that_is_there(tmp_path):
    theirs = Entry(input="x", source="/other/a.png", output="a.png", status="conflict")
    _write(tmp_path, _entry(out_sha256="1" * 64), theirs)
    assert read_manifest(tmp_path)["a.png"].out_sha256 == "1" * 64
    assert len(read_manifest(tmp_path)) == 2
    _write(tmp_path, Entry(input="x", source="/other/a.png", output="a.png"))
    assert len(read_manifest(tmp_path)) == 1


@pytest.mark.parametrize(("content", "found"), [(b"result", 1), (b"other", 0), (None, 0)])
def test_a_result_that_only_the_journal_knows_is_taken_over_if_it_is_whole(tmp_path, content, found):
    digest = hashlib.sha256(b"result").hexdigest()
    _write(tmp_path, _entry(out_size=6, out_sha256=digest, run="1"), path=journal_path)
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    assert recover(tmp_path) == found
    assert len(read_manifest(tmp_path)) == found
    assert not journal_path(tmp_path).exists()


def test_a_result_that_is_noted_is_not_noted_again(tmp_path):
    digest = hashlib.sha256(b"result").hexdigest()
    entry = _entry(out_size=6, out_sha256=digest, run="1", w=7)
    (tmp_path / "a.png").write_bytes(b"result")
    _write(tmp_path, entry)
    _write(tmp_path, entry, path=journal_path)
    assert recover(tmp_path) == 0


def test_a_lock_is_waited_for_and_given_back(tmp_path):
    alone = []
    waiting = output_lock(tmp_path, timeout_s=0.15)
    with (
        output_lock(tmp_path, when_alone=lambda: alone.append(1)),
        pytest.raises(LockedError, match=r"pid .*wait for it with --lock-timeout 600"),
    ):
        waiting.__enter__()
    with output_lock(tmp_path, shared=True), output_lock(tmp_path, shared=True):
        pass
    with output_lock(tmp_path):
        pass
    assert alone == [1]


@pytest.mark.parametrize(
    ("source", "relative", "line"),
    [
        ("/in/b/c.png", "b/c.png", b"/in/./b/c.png"),
        ("/in/c.png", "c.png", b"/in/./c.png"),
        ("/in/c.png", "renamed/c.png", b"/in/c.png"),
        ("/in", ".", b"/in"),
    ],
)
def test_lists_of_failures_tell_where_the_tree_begins(source, relative, line):
    assert list_line(Path(source), Path(relative)) == line


def test_a_line_holds_all_fields_in_their_order():
    entry = _entry(warnings=("icc", "metadata"), controls=MappingProxyType({"strength": 0.5}))
    expected = {each.name: getattr(entry, each.name) for each in fields(Entry)}
    expected |= {"warnings": ["icc", "metadata"], "controls": {"strength": 0.5}}
    assert list(json.loads(line_of(entry)).items()) == list(expected.items())


@pytest.mark.parametrize(("pause_s", "expected"), [(0.0, [32, 64, 96, 128, 141]), (0.25, [65, 130, 141])])
def test_lines_are_synced_in_groups_with_a_pause_between(tmp_path, monkeypatch, pause_s, expected):
    lines, seconds, synced = 0, 0.0, []
    monkeypatch.setattr(time, "monotonic", lambda: seconds)
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(lines))
    writer = ManifestWriter(tmp_path / "manifest.jsonl", sync_pause_s=pause_s)
    for lines in range(1, 141):  # noqa: B007
        seconds += 1 / 256
        writer.add(_entry())
    lines, seconds = 141, seconds + 2
    writer.add(_entry())
    assert synced == expected
    writer.close()


def test_replaced_lines_are_removed_once_they_are_the_larger_part(tmp_path):
    path = manifest_path(tmp_path)
    _write(tmp_path, *[_entry(w=w) for w in range(1002)])
    compact_manifest(tmp_path)
    assert path.read_bytes().count(b"\n") == 1002
    new = line_of(_entry("b.png")).replace(b'{"v": 1', b'{"new": [], "v": 2')
    path.chmod(0o640)
    path.write_bytes(path.read_bytes() + new + line_of(_entry(w=1)) * 3 + b'{"cut')
    compact_manifest(tmp_path)
    assert path.read_bytes() == new + line_of(_entry(w=1))
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_manifest_stays_as_it_is_on_a_full_disk(tmp_path, monkeypatch):
    _write(tmp_path, *[_entry(w=w) for w in range(1200)])
    before = manifest_path(tmp_path).read_bytes()
    monkeypatch.setattr(os, "write", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
    compact_manifest(tmp_path)
    assert manifest_path(tmp_path).read_bytes() == before
