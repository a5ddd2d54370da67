"""Promise: a result depends on its picture and the options alone, and is the same in every run.

On a CPU in full precision it is the same to the last bit, whatever the batch, the threads and the order.
"""

import hashlib
import random

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of three sizes, some of one size; in 8 and 16 bits."""
    import cv2
    import numpy as np

    place, generator = tmp_path_factory.mktemp("same") / "in", np.random.default_rng(0)
    place.mkdir()
    for number in range(9):
        height, width = ((48, 64), (50, 70), (33, 31))[number % 3]
        deep = number > 5
        pixels = generator.integers(0, 16000 if deep else 60, (height, width, 3))
        cv2.imwrite(str(place / f"{number}.png"), pixels.astype(np.uint16 if deep else np.uint8))
    return place


@pytest.fixture
def enhanced(run_lle, folder, tmp_path):
    """Enhances the pictures and gives the SHA-256 of each result."""

    def enhance(*options, shuffle=None):
        out = tmp_path / str(len(list(tmp_path.iterdir())))
        sources = sorted(folder.iterdir())
        if shuffle is not None:
            random.Random(shuffle).shuffle(sources)
        run = run_lle("enhance", *sources, "-o", out, "--device", "cpu", "--precision", "fp32", *options)
        assert run.code == 0, run.err
        made = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.glob("*.png")}
        assert len(made) == 9
        return made

    return enhance


def test_batch_workers_and_order_change_nothing(enhanced):
    expected = enhanced("--batch-size", "1", "--workers", "1")
    assert len(set(expected.values())) == 9
    assert enhanced("--batch-size", "8", "--workers", "8") == expected
    assert enhanced("--batch-size", "3", "--workers", "2", shuffle=1) == expected


def test_the_same_bytes_come_twice(run_lle, make_picture, tmp_path):
    picture = make_picture(tmp_path / "large.jpg", (300, 200))
    made = []
    for name in ("first.webp", "second.webp"):
        out = ("-o", tmp_path / name, "--device", "cpu", "--precision", "fp32")
        run = run_lle("enhance", picture, *out, "--tile", "128")
        assert run.code == 0, run.err
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_company_changes_nothing(enhanced, run_lle, folder, tmp_path):
    expected = enhanced()
    for name in ("0.png", "4.png", "8.png"):
        alone = tmp_path / "alone.png"
        run_lle("enhance", folder / name, "-o", alone, "--device", "cpu", "--precision", "fp32")
        assert hashlib.sha256(alone.read_bytes()).hexdigest() == expected[name]
        alone.unlink()
