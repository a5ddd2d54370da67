"""When a photo was taken: from EXIF in any container, else from the file."""

import os
from datetime import datetime

import pytest
from PIL import Image

from lowlight_cli.images.taken import taken_at

DESCRIPTION, DETAILS, TAKEN, DIGITIZED, CHANGED = 0x010E, 0x8769, 36867, 36868, 306
FILE_TIME = datetime(2020, 2, 29, 12, 0, 30)


def _save(path, *, main=None, details=None):
    exif = Image.Exif()
    exif[DESCRIPTION] = "without it Pillow takes the block for empty"
    for tag, text in (main or {}).items():
        exif[tag] = text
    for tag, text in (details or {}).items():
        exif.get_ifd(DETAILS)[tag] = text
    Image.new("RGB", (16, 8)).save(path, exif=exif.tobytes())
    return _dated(path)


def _dated(path):
    os.utime(path, (FILE_TIME.timestamp(),) * 2)
    return path


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff", "a.avif"])
def test_the_exposure_is_read_from_any_container(tmp_path, name):
    path = _save(tmp_path / name, details={TAKEN: "2024:05:01 22:10:09"})
    assert taken_at(path) == datetime(2024, 5, 1, 22, 10, 9)


def test_the_exposure_is_read_from_heic(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif.get_ifd(DETAILS)[TAKEN] = "2024:05:01 22:10:09"
    file = pillow_heif.from_pillow(Image.new("RGB", (64, 64)))
    file.save(tmp_path / "a.heic", exif=exif.tobytes())
    assert taken_at(tmp_path / "a.heic") == datetime(2024, 5, 1, 22, 10, 9)


def test_the_first_of_the_three_times_counts(tmp_path):
    times = {DIGITIZED: "2023:01:01 01:01:01"}
    later = {CHANGED: "2024:01:01 01:01:01"}
    assert taken_at(_save(tmp_path / "a.jpg", main=later, details=times)).year == 2023
    assert taken_at(_save(tmp_path / "b.jpg", main=later)).year == 2024


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", ""])
def test_a_clock_that_was_not_set_gives_the_time_of_the_file(tmp_path, text):
    assert taken_at(_save(tmp_path / "a.jpg", details={TAKEN: text})) == FILE_TIME


def test_a_file_without_a_header_gives_its_own_time(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff damaged")
    (tmp_path / "a.heic").write_bytes(b"damaged")
    for name in ("a.jpg", "a.heic"):
        assert taken_at(_dated(tmp_path / name)) == FILE_TIME


def test_a_file_that_is_missing_has_the_first_date(tmp_path):
    assert taken_at(tmp_path / "gone.jpg") == datetime.fromtimestamp(0)
