"""``lle enhance --in-place``: only when asked for, with a way back, and never twice on one photo."""

import hashlib
import json
import os
import stat
import sys

import pytest

from lowlight_cli.images.replace import replace_file

POSIX = pytest.mark.skipif(os.name != "posix", reason="no permissions of POSIX")


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
    assert "1 unchanged" in enhance(*options, "--quality", "50").err
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
    assert "cannot write a backup" in item["error"]["msg"]
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


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o444, 0o660])
def test_permissions_stay(enhance, photos, mode):
    photo = photos / "b" / "a.jpg"
    photo.chmod(mode)
    before = photo.stat()
    assert enhance(photo, "--in-place", "--no-backup", "--yes").code == 0
    after = photo.stat()
    assert after.st_ino != before.st_ino
    assert stat.S_IMODE(after.st_mode) == mode
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


@POSIX
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root gives files away")
def test_owner_and_group_stay(enhance, photos):
    photo = photos / "b" / "a.jpg"
    os.chown(photo, 12345, 23456)
    photo.chmod(0o640)
    assert enhance(photo, "--in-place", "--no-backup", "--yes").code == 0
    after = photo.stat()
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (12345, 23456, 0o640)


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes of Linux")
def test_extended_attributes_stay(enhance, photos):
    photo = photos / "b" / "a.jpg"
    try:
        os.setxattr(photo, "user.rating", b"5")
    except OSError:
        pytest.skip("this disk has no extended attributes")
    assert enhance(photo, "--in-place", "--no-backup", "--yes").code == 0
    assert os.getxattr(photo, "user.rating") == b"5"


@POSIX
def test_what_the_system_refuses_costs_no_photo(enhance, photos, monkeypatch):
    def refuse(*_):
        raise PermissionError

    photo = photos / "b" / "a.jpg"
    photo.chmod(0o4640)
    before = _digest(photo)
    for name in ("chown", "setxattr", "listxattr"):
        monkeypatch.setattr(os, name, refuse, raising=False)
    assert enhance(photo, "--in-place", "--no-backup", "--yes", "--quality", "50").code == 0
    assert _digest(photo) != before
    assert stat.S_IMODE(photo.stat().st_mode) == 0o640


@POSIX
def test_a_private_file_is_never_open_to_others_while_it_is_written(tmp_path, monkeypatch):
    target, seen, plain = tmp_path / "a", [], os.fsync

    def noted(number):
        seen.append(stat.S_IMODE(os.fstat(number).st_mode))
        return plain(number)

    target.touch(mode=0o600)
    monkeypatch.setattr(os, "fsync", noted)
    replace_file(target, b"new", attributes_of=target)
    assert (target.read_bytes(), seen) == (b"new", [0o600])


@POSIX
def test_results_elsewhere_have_the_permissions_of_new_files(enhance, photos, tmp_path):
    photo, fresh = photos / "b" / "a.jpg", tmp_path / "fresh"
    photo.chmod(0o600)
    fresh.touch()
    assert enhance(photo, "-o", tmp_path / "out.jpg").code == 0
    assert (tmp_path / "out.jpg").stat().st_mode == fresh.stat().st_mode


def _picture_count(folder):
    return len(list(folder.rglob("*.jpg")))


@pytest.mark.parametrize("later", [False, True])
def test_overwriting_does_not_enhance_a_result_again(enhance, photos, tmp_path, later):
    photo, kept = photos / "b" / "a.jpg", tmp_path / "kept"
    options = (photos, "--in-place", "--backup-dir", kept, "--yes")
    enhance(*options, "--quality", "50")
    once = _digest(photo)
    if later:  # the content is the recorded one all the same
        os.utime(photo, ns=(0, photo.stat().st_mtime_ns + 1_000_000_000))
    again = enhance(*options, "--quality", "40", "--on-exist", "overwrite")
    assert again.code == 3
    assert "was enhanced in place with other options; put the original back first" in again.err
    assert (_digest(photo), _picture_count(kept)) == (once, 1)
    same = enhance(*options, "--quality", "50", "--on-exist", "overwrite")
    assert (same.code, _digest(photo), _picture_count(kept)) == (0, once, 1)
    assert "1 unchanged" in same.err


def test_an_original_that_was_put_back_is_enhanced_with_other_options(enhance, photos, tmp_path):
    photo, kept = photos / "b" / "a.jpg", tmp_path / "kept"
    options = (photos, "--in-place", "--backup-dir", kept, "--yes")
    enhance(*options, "--quality", "50")
    once = _digest(photo)
    photo.write_bytes((kept / "b" / "a.jpg").read_bytes())
    assert enhance(*options, "--quality", "40").code == 0
    assert _digest(photo) != once
    assert _picture_count(kept) == 1


@pytest.mark.parametrize("has_backup", [True, False])
@pytest.mark.parametrize("count", [1, 2])
def test_the_hint_says_to_put_originals_back(enhance, photos, make_picture, tmp_path, has_backup, count):
    if count == 2:
        make_picture(photos / "c.jpg", seed=3)
    backup = ("--backup-dir", tmp_path / "kept") if has_backup else ("--no-backup",)
    enhance(photos, "--in-place", *backup, "--yes", "--quality", "50")
    run = enhance(photos, "--in-place", *backup, "--yes", "--quality", "40")
    assert run.code == 3
    place = f" from the backup folder {tmp_path / 'kept'}" if has_backup else ""
    were, them, originals = (
        ("1 image was", "it", "its original") if count == 1 else ("2 images were", "them", "their originals")
    )
    assert f"{were} enhanced in place before. To enhance {them} with other options, " in run.err
    assert f"put {originals} back{place} first" in run.err
    assert "--on-exist" not in run.err
