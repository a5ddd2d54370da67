"""Promise: originals are never modified, whatever goes wrong."""

import errno
import hashlib
import os

import pytest
import torch

from lowlight_cli.models.identity import Identity


@pytest.fixture
def originals(make_picture, tmp_path):
    """Pictures and everything else a folder of them may hold."""
    folder = tmp_path / "in"
    make_picture(folder / "good.jpg", (64, 48))
    make_picture(folder / "good.png", (33, 31), seed=1)
    make_picture(folder / "deep" / "good.tiff", (20, 20), seed=2)
    make_picture(folder / "clear.png", (20, 20), mode="RGBA")
    whole = make_picture(folder / "cut.jpg", (64, 48), seed=3)
    whole.write_bytes(whole.read_bytes()[:500])
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("not a picture")
    (folder / "notes.txt").write_text("not even named like one")
    (folder / "link.jpg").symlink_to(folder / "good.jpg")
    (folder / "good.jpg").chmod(0o440)
    return folder


def _state(folder):
    """Everything about the files that a user would miss."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            facts = path.lstat()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[path.relative_to(folder)] = (digest, facts.st_mtime_ns, facts.st_mode, facts.st_ino)
    return found


ONE_OF_EACH = [
    [],
    ["-f", "png"],
    ["-f", "jpg"],
    ["--on-exist", "overwrite"],
    ["--fail-fast"],
    ["--metadata", "strip", "--preserve-mtime"],
    ["--allow-truncated"],
    ["--dry-run"],
    ["--only-dark", "0.01"],
    ["--min-free", "9999999999M"],
    ["--max-pixels", "500"],
]


@pytest.mark.parametrize("options", ONE_OF_EACH, ids=" ".join)
def test_a_run_leaves_the_originals_alone(run_lle, originals, tmp_path, options):
    before = _state(originals)
    assert len(before) == 9
    run_lle("enhance", originals, "-o", tmp_path / "out", "-m", "identity", "--device", "cpu", *options)
    assert _state(originals) == before


@pytest.mark.parametrize("place", ["", "deep", "good.jpg", "link.jpg", "new/../good.jpg"])
@pytest.mark.parametrize("on_exist", ["resume", "overwrite"])
def test_a_result_never_takes_the_place_of_an_original(run_lle, originals, place, on_exist):
    before = _state(originals)
    source = originals if place in ("", "deep") else originals / "good.jpg"
    run = run_lle("enhance", source, "-o", originals / place, "-m", "identity", "--on-exist", on_exist)
    after = _state(originals)
    assert {path: after.get(path) for path in before} == before
    assert place == "deep" or run.code == 2


def test_a_link_among_the_results_is_replaced_and_not_followed(run_lle, originals, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "good.png").symlink_to(originals / "good.png")
    before = _state(originals)
    run_lle("enhance", originals, "-o", out, "-m", "identity", "--on-exist", "overwrite", "--device", "cpu")
    assert _state(originals) == before


@pytest.mark.parametrize(
    "failure",
    [OSError(errno.ENOSPC, "No space left on device"), PermissionError(errno.EACCES, "denied")],
    ids=["full-disk", "no-permission"],
)
def test_a_disk_that_fails_costs_no_original(run_lle, originals, tmp_path, monkeypatch, failure):
    before = _state(originals)
    calls = []

    def fail(number):
        calls.append(number)
        if len(calls) > 2:
            raise failure

    monkeypatch.setattr(os, "fsync", fail)
    run = run_lle("enhance", originals, "-o", tmp_path / "out", "-m", "identity", "--device", "cpu")
    assert run.code != 0
    assert _state(originals) == before


@pytest.mark.parametrize(
    ("failure", "code"),
    [(KeyboardInterrupt, 130), (torch.OutOfMemoryError, 4), (RuntimeError("a bug"), 4)],
    ids=["stop", "memory", "bug"],
)
def test_a_model_that_fails_costs_no_original(run_lle, originals, tmp_path, monkeypatch, failure, code):
    def fail(*_, **__):
        raise failure

    before = _state(originals)
    monkeypatch.setattr(Identity, "enhance", fail)
    run = run_lle("enhance", originals, "-o", tmp_path / "out", "-m", "identity", "--device", "cpu")
    assert run.code == code
    assert _state(originals) == before
