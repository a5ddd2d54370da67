"""``lle enhance --in-place``: only when asked for, with a way back, and never twice on one photo."""

import hashlib
import json

import pytest


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def photos(make_picture, tmp_path):
    """A JPEG, which changes with each generation, in a tree."""
    make_picture(tmp_path / "in" / "b" / "a.jpg", quality=80)
    return tmp_path / "in"


def test_originals_are_replaced_and_kept(enhance, photos, tmp_path):
    before = _digest(photos / "b" / "a.jpg")
    run = enhance(photos, "--in-place", "--backup-dir", tmp_path / "kept", "--yes", "--quality", "50")
    assert run.code == 0
    assert _digest(photos / "b" / "a.jpg") != before
    assert _digest(tmp_path / "kept" / "b" / "a.jpg") == before


def test_a_photo_is_enhanced_once(enhance, photos, tmp_path):
    options = (photos, "--in-place", "--backup-dir", tmp_path / "kept", "--yes")
    enhance(*options, "--quality", "50")
    once = _digest(photos / "b" / "a.jpg")
    assert "1 up to date" in enhance(*options, "--quality", "50").err
    other = enhance(*options, "--quality", "40")
    assert other.code == 3
    assert "put the original back first" in other.err
    assert _digest(photos / "b" / "a.jpg") == once
    assert len(list((tmp_path / "kept").rglob("*.jpg"))) == 1


def test_a_backup_is_never_replaced(enhance, photos, make_picture, tmp_path):
    options = (photos, "--in-place", "--backup-dir", tmp_path / "kept", "--yes", "--quality", "50")
    enhance(*options)
    first = _digest(tmp_path / "kept" / "b" / "a.jpg")
    make_picture(photos / "b" / "a.jpg", seed=3)
    second = _digest(photos / "b" / "a.jpg")
    assert enhance(*options).code == 0
    assert {_digest(path) for path in (tmp_path / "kept" / "b").iterdir()} == {first, second}


def test_without_a_backup_nothing_is_replaced(enhance, photos, tmp_path):
    (tmp_path / "kept").write_text("a file")
    before = _digest(photos / "b" / "a.jpg")
    run = enhance(photos, "--in-place", "--backup-dir", tmp_path / "kept" / "x", "--yes", "--json")
    assert run.code == 4
    (item,) = [json.loads(line) for line in run.out.splitlines()][1:-1]
    assert item["error"]["code"] == "write"
    assert "no backup" in item["error"]["msg"]
    assert _digest(photos / "b" / "a.jpg") == before


def test_backups_inside_the_photos_are_no_photos(enhance, photos):
    for _ in range(2):
        assert enhance(photos, "--in-place", "--backup-dir", photos / "kept", "--yes").code == 0
    assert sorted(path.relative_to(photos).as_posix() for path in photos.rglob("*.jpg")) == [
        "b/a.jpg",
        "kept/b/a.jpg",
    ]


def test_it_works_without_backup_when_that_is_asked_for(enhance, photos):
    assert enhance(photos / "b" / "a.jpg", "--in-place", "--no-backup", "--yes").code == 0
