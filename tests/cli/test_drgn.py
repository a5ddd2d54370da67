"""DRGN from the command line: inner pictures beside results, and pairs made from clean photos."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.models.drgn.config import DrgnConfig, SingleBranchConfig
from lowlight_cli.models.drgn.model import Drgn

DEGRADATION = -0.4


@pytest.fixture
def weights(tmp_path) -> Path:
    """A small LW-DRGN whose degradation is the same everywhere, as trained ones nearly are."""
    config = DrgnConfig(generator=SingleBranchConfig(channels=4, modules=1, depth=1, reduction=2))
    model = Drgn(config)
    torch.nn.init.zeros_(model.degradation.to_rgb.weight)
    torch.nn.init.constant_(model.degradation.to_rgb.bias, DEGRADATION)
    metadata = {"architecture": "lw-drgn", "config": config.model_dump(mode="json")}
    return save_weights(tmp_path / "drgn.safetensors", model, metadata)


@pytest.fixture
def photos(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    for index in range(3):
        pixels = rng.integers(60, 255, (30 + index, 44, 3), np.uint8)
        (tmp_path / "photos" / "more").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "photos" / ("more" if index else "") / f"{index}.png")
    return tmp_path / "photos"


def pixels_of(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".lle" not in path.parts
    }


# Inner pictures


@pytest.fixture
def saving(run_lle, make_picture, weights, tmp_path):
    """Enhances two pictures with their inner ones."""
    for name in ("a.png", "b.png"):
        make_picture(tmp_path / "in" / name)

    def save(*more: object):
        words = ("--model", "lw-drgn", "--checkpoint", weights, "--save-degradation", "--device", "cpu")
        return run_lle("enhance", tmp_path / "in", "-o", tmp_path / "out", *words, *more)

    return save


def test_inner_pictures_lie_beside_results_and_add_up(saving, tmp_path):
    run = saving()
    assert run.code == 0
    assert "degradation:  2 written, 0 unchanged" in run.err
    names = [f"{stem}{view}.png" for stem in "ab" for view in ("", ".base", ".degradation")]
    assert list(digests(tmp_path / "out")) == sorted(names)
    dark, degradation, base = (
        pixels_of(tmp_path / path) for path in ("in/a.png", "out/a.degradation.png", "out/a.base.png")
    )
    assert np.abs(degradation - round(255 * (0.5 + DEGRADATION / 2))).max() <= 1
    assert np.abs(dark - DEGRADATION / 2 * 255 - base).max() <= 1


def test_inner_pictures_are_made_once(saving, tmp_path):
    saving()
    before = digests(tmp_path / "out")
    run = saving()
    assert "base:  0 written, 2 unchanged" in run.err
    assert digests(tmp_path / "out") == before


def test_a_file_of_that_name_is_left_alone(saving, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.base.png").write_text("mine")
    run = saving()
    assert run.code == 3
    assert "was not written by lle" in run.err
    assert (tmp_path / "out" / "a.base.png").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("-o", "out", "-m", "identity"), "these do: drgn, lw-drgn"),
        (("--in-place", "--no-backup", "--yes", "-m", "drgn"), "needs an output file or folder"),
        (("-o", "-", "-m", "drgn"), "needs an output file or folder"),
    ],
)
def test_inner_pictures_without_a_model_or_a_place_are_refused(
    run_lle, make_picture, tmp_path, words, reason
):
    source = make_picture(tmp_path / "a.png")
    run = run_lle("enhance", source, *words, "--save-degradation")
    assert (run.code, run.out) == (2, "")
    assert reason in run.err


# Pairs


@pytest.fixture
def synthesize(run_lle, photos):
    def make(out: Path, *more: object):
        return run_lle("datasets", "synthesize", photos, "-o", out, *more)

    return make


@pytest.mark.parametrize("method", ["physical", "lw-drgn"])
def test_pairs_are_the_same_bytes_again(synthesize, weights, tmp_path, method):
    words = ("--method", method, "--count", 5, *(("--checkpoint", weights) if method != "physical" else ()))
    run = synthesize(tmp_path / "one", *words)
    assert (run.code, run.out) == (0, f"{tmp_path / 'one'}\n")
    assert synthesize(tmp_path / "two", *words).code == 0
    one, two = (digests(tmp_path / name) for name in ("one", "two"))
    assert one == two
    assert len(one) == 11
    assert synthesize(tmp_path / "other", *words, "--seed", 1).code == 0
    other = digests(tmp_path / "other")
    assert other["high/00001-0.png"] == one["high/00001-0.png"]
    assert other["low/00001-0.png"] != one["low/00001-0.png"]


def test_a_photo_taken_twice_gets_another_night(synthesize, tmp_path):
    synthesize(tmp_path / "pairs", "--count", 4)
    first, again = (tmp_path / "pairs" / "low" / f"0000{number}-0.png" for number in (1, 4))
    assert (pixels_of(first) != pixels_of(again)).any()


def test_the_learned_degradation_is_added_and_clipped(synthesize, weights, tmp_path, photos):
    synthesize(tmp_path / "pairs", "--method", "lw-drgn", "--checkpoint", weights, "--strength", "1")
    clean, dark = (pixels_of(tmp_path / "pairs" / kind / "00001-0.png") for kind in ("high", "low"))
    assert (clean == pixels_of(photos / "0.png")).all()
    assert np.abs((clean + 255 * DEGRADATION / 2).clip(0, 255) - dark).max() <= 1


def test_degradations_come_from_real_nights_where_given(synthesize, make_picture, weights, tmp_path):
    make_picture(tmp_path / "nights" / "n.png", (20, 90))
    words = ("--method", "lw-drgn", "--checkpoint", weights, "--nights", tmp_path / "nights")
    assert synthesize(tmp_path / "pairs", *words).code == 0
    assert json.loads((tmp_path / "pairs" / "synthetic.json").read_text())["nights"] == ["n.png"]


def test_the_manifest_tells_terms_and_files(synthesize, tmp_path):
    synthesize(tmp_path / "pairs", "--seed", 7, "--longest", 40)
    manifest = json.loads((tmp_path / "pairs" / "synthetic.json").read_text())
    assert (manifest["method"], manifest["strength"], manifest["seed"]) == ("physical", [0.8, 1.2], 7)
    written = digests(tmp_path / "pairs")
    for pair, source in zip(manifest["pairs"], ("0.png", "more/1.png", "more/2.png"), strict=True):
        assert pair["source"] == source
        assert max(pair["width"], pair["height"]) == 40
        for kind in ("low", "high"):
            assert written[f"{kind}/{pair['name']}.png"] == pair[f"{kind}_sha256"]


def test_uneven_light_is_one_of_the_terms(synthesize, tmp_path):
    for name, words in (("even", ()), ("uneven", ("--uneven", 1))):
        assert synthesize(tmp_path / name, *words).code == 0
    even, uneven = (
        json.loads((tmp_path / name / "synthetic.json").read_text())["darkening"]
        for name in ("even", "uneven")
    )
    assert "uneven_share" not in even
    assert uneven["uneven_share"] == 1
    files = [tmp_path / name / "low" / "00001-0.png" for name in ("even", "uneven")]
    assert (pixels_of(files[0]) != pixels_of(files[1])).any()


def test_uneven_light_needs_the_physical_method(synthesize, weights, tmp_path):
    words = ("--method", "lw-drgn", "--checkpoint", weights, "--uneven", 0.5)
    run = synthesize(tmp_path / "pairs", *words)
    assert (run.code, run.out) == (2, "")
    assert "use --method physical" in run.err


def test_a_second_run_makes_only_what_is_missing(synthesize, tmp_path):
    synthesize(tmp_path / "pairs")
    before = digests(tmp_path / "pairs")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "pairs").rglob("*.png")}
    missing = tmp_path / "pairs" / "low" / "00002-1.png"
    missing.unlink()
    assert synthesize(tmp_path / "pairs").code == 0
    assert digests(tmp_path / "pairs") == before
    kept = {path for path, time in times.items() if path.stat().st_mtime_ns == time}
    assert missing not in kept
    assert len(kept) == 4


def test_an_unreadable_photo_is_named_and_the_rest_is_made(synthesize, photos, tmp_path):
    (photos / "broken.png").write_bytes(b"no picture")
    run = synthesize(tmp_path / "pairs")
    assert run.code == 3
    assert "broken.png" in run.err
    assert "3 of 4 pairs complete" in run.err


def test_pairs_can_be_trained_on(synthesize, run_lle, tmp_path):
    assert synthesize(tmp_path / "pairs").code == 0
    run = run_lle("datasets", "check", "--low", tmp_path / "pairs/low", "--gt", tmp_path / "pairs/high")
    assert run.code == 0
    assert "usable      3" in run.out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("{photos}", "-o", "{photos}/out"), "overlap; choose separate folders"),
        (("gone", "-o", "out"), "no such folder"),
        (("{photos}", "-o", "mine"), "was not made by this command"),
        (("{photos}", "-o", "out", "--strength", "3"), "is not a strength"),
        (("{photos}", "-o", "out", "--nights", "{photos}"), "takes no weights and no dark images"),
    ],
)
def test_what_makes_no_sense_is_refused(run_lle, photos, tmp_path, monkeypatch, words, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "low").mkdir(parents=True)
    (tmp_path / "mine" / "low" / "00001-0.png").write_text("mine")
    run = run_lle("datasets", "synthesize", *(word.format(photos=photos) for word in words))
    assert (run.code, run.out) == (2, "")
    assert reason in run.err
