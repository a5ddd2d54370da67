"""Pictures are decoded once, whoever asks; what does not fit or cannot be kept stays in memory."""

import os
import time

import numpy as np
import pytest
import torch
from PIL import Image

from lowlight_cli.errors import WeightsError
from lowlight_cli.layers.exposure import mean_luma
from lowlight_cli.training import image_cache as picture_cache
from lowlight_cli.training.config import DataSettings
from lowlight_cli.training.image_cache import ImageCache, cache_folder, read_images

GIGABYTE = 2**30


@pytest.fixture
def pictures(tmp_path, make_picture):
    return [
        make_picture(tmp_path / "photos" / f"{seed}.png", (20 + seed, 12), seed=seed) for seed in range(3)
    ]


def refuse_to_decode(path):
    raise AssertionError(f"{path} is decoded again")


def test_a_picture_is_decoded_once(tmp_path, pictures, monkeypatch):
    wanted = [(path,) for path in pictures] + [(pictures[0], pictures[0])]
    told: list[str] = []
    first = ImageCache(tmp_path / "cache", GIGABYTE, told.append).read(wanted)
    monkeypatch.setattr(picture_cache, "decode", refuse_to_decode)
    second = ImageCache(tmp_path / "cache", GIGABYTE, told.append).read(wanted)
    assert told == ["decoding 4 of 4 images"]
    for files, ours, theirs in zip(wanted, first, second, strict=True):
        pixels = np.concatenate([np.asarray(Image.open(path)).transpose(2, 0, 1) for path in files])
        for decoded in (ours, theirs):
            assert np.array_equal(decoded.pixels.numpy(), pixels)
            for part, luma in zip(decoded.pixels.split(3), decoded.luma, strict=True):
                assert luma == pytest.approx(float(mean_luma(part[None] / 255)), abs=1e-6)
    assert not list((tmp_path / "cache").glob("*.lle-tmp-*"))


def test_a_changed_file_is_decoded_anew(tmp_path, pictures, make_picture):
    cache = ImageCache(tmp_path / "cache", GIGABYTE)
    (before,) = cache.read([(pictures[0],)])
    before = before.pixels.clone()
    make_picture(pictures[0], (20, 12), seed=9)
    os.utime(pictures[0], ns=(1, 1))
    (after,) = cache.read([(pictures[0],)])
    assert not torch.equal(before, after.pixels)


def test_without_a_folder_nothing_is_written(tmp_path, pictures):
    (found,) = ImageCache(None, GIGABYTE).read([(pictures[1],)])
    assert found.pixels.shape == (3, 12, 21)
    assert {path.name for path in tmp_path.iterdir()} == {"photos"}


def test_what_does_not_fit_stays_in_memory(tmp_path, pictures):
    told: list[str] = []
    limit = 3 * 12 * (20 + 21) + 5
    found = ImageCache(tmp_path / "cache", limit, told.append).read([(path,) for path in pictures])
    assert [picture.pixels.shape[2] for picture in found] == [20, 21, 22]
    assert "is full" in told[-1]
    (kept,) = (tmp_path / "cache").glob("*.bin")
    assert kept.stat().st_size == 3 * 12 * (20 + 21)


def test_the_oldest_pictures_make_room(tmp_path, pictures):
    limit = 3 * 12 * 22
    for age, path in zip((200, 100), pictures, strict=False):
        ImageCache(tmp_path / "cache", 2 * limit).read([(path,)])
        for index in (tmp_path / "cache").glob("*.json"):
            then = time.time() - age
            os.utime(index, (then, then)) if index.stat().st_mtime > then else None
    ImageCache(tmp_path / "cache", limit).read([(pictures[2],)])
    (kept,) = (tmp_path / "cache").glob("*.bin")
    assert kept.stat().st_size == limit
    assert len(list((tmp_path / "cache").glob("*.json"))) == 1


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path, pictures):
    (tmp_path / "file").touch()
    told: list[str] = []
    found = ImageCache(tmp_path / "file" / "cache", GIGABYTE, told.append).read([(pictures[0],)])
    assert found[0].pixels.shape == (3, 12, 20)
    assert "stay in memory" in told[-1]


def test_a_damaged_cache_is_made_anew(tmp_path, pictures):
    ImageCache(tmp_path / "cache", GIGABYTE).read([(pictures[0],)])
    (index,) = (tmp_path / "cache").glob("*.json")
    (data,) = (tmp_path / "cache").glob("*.bin")
    for damage in (lambda: data.write_bytes(b"short"), lambda: index.write_text("no JSON"), data.unlink):
        damage()
        (found,) = ImageCache(tmp_path / "cache", GIGABYTE).read([(pictures[0],)])
        assert np.array_equal(found.pixels.numpy(), np.asarray(Image.open(pictures[0])).transpose(2, 0, 1))


def test_every_problem_is_named(tmp_path, pictures):
    bad = tmp_path / "photos" / "text.png"
    bad.write_text("no picture")
    wanted = [(pictures[0],), (bad,), (tmp_path / "nothing.png",), (pictures[1], pictures[2])]
    with pytest.raises(WeightsError) as caught:
        read_images(DataSettings(), wanted, lambda _: None, ["first"], 13)
    lines = str(caught.value).splitlines()
    assert lines[0] == "5 problems in the data to train on:"
    assert lines[1].strip() == "first"
    assert "0.png is smaller than a crop of 13x13" in lines[2]
    assert "text.png" in lines[3]
    assert "nothing.png" in lines[4]
    assert "differ in size: 21x12 and 22x12" in lines[5]


def test_the_folder_is_that_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder(DataSettings()) == tmp_path / "lle" / "pictures"
    assert cache_folder(DataSettings(cache="none")) is None
    assert cache_folder(DataSettings(cache="here")).name == "here"
