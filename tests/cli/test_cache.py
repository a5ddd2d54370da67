"""``lle cache``: shows and empties the image cache, and nothing else."""

import os
import time

import pytest
import torch

from lowlight_cli.training.image_cache import ImageCache


@pytest.fixture
def cache(tmp_path, make_picture, monkeypatch):
    """A cache with two segments, in the place of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "lle" / "pictures"
    for name in "ab":
        photo = make_picture(tmp_path / f"{name}.png", (40, 30))
        ImageCache(folder, 10**9).read([(photo,)])
    assert len(list(folder.iterdir())) == 4
    return folder


def test_the_folder_is_printed(run_lle, cache, tmp_path):
    assert run_lle("cache", "dir") == (0, f"{cache}\n", "")
    assert run_lle("cache", "dir", "--cache", tmp_path / "x").out == f"{tmp_path / 'x'}\n"


def test_the_cache_is_emptied_and_the_freed_size_printed(run_lle, cache):
    size = sum(path.stat().st_size for path in cache.iterdir())
    assert size == pytest.approx(2 * 3 * 40 * 30, abs=600)
    tried = run_lle("cache", "clean", "--dry-run")
    assert tried == (0, f"would free {size / 1e6:.1f} MB: 4 files in {cache}\n", "")
    assert len(list(cache.iterdir())) == 4
    assert run_lle("cache", "clean", "-n", "-q") == tried
    assert run_lle("cache", "clean") == (0, "", f"freed {size / 1e6:.1f} MB: 4 files in {cache}\n")
    assert not cache.exists()
    assert run_lle("cache", "clean") == (0, "", f"freed 0 MB: 0 files in {cache}\n")
    assert run_lle("cache", "clean", "-q") == (0, "", "")


def test_files_that_are_not_of_the_cache_stay(run_lle, cache):
    names = ("notes.txt", "speed.json", "0" * 32 + ".json", "1" * 32 + ".png", "2" * 31 + ".bin")
    for name in names:
        (cache / name).write_text("mine")
    (cache / ("3" * 32 + ".bin")).mkdir()
    (cache / ("4" * 32 + ".bin")).symlink_to(cache / "notes.txt")
    young, old = (cache / f"{digit * 32}.bin.lle-tmp-7" for digit in "56")
    for path in (young, old):
        path.write_text("half")
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    kept = {*names, "3" * 32 + ".bin", "4" * 32 + ".bin", young.name}
    assert run_lle("cache", "clean").code == 0
    assert {path.name for path in cache.iterdir()} == kept


def test_a_run_that_uses_the_images_goes_on(run_lle, cache, tmp_path):
    (image,) = ImageCache(cache, 10**9).read([(tmp_path / "a.png",)])
    before = image.pixels.clone()
    run_lle("cache", "clean")
    assert torch.equal(image.pixels, before)
