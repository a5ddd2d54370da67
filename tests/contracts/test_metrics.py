"""What holds for every metric that needs no file of weights."""

import re

import pytest
import torch

from lowlight_cli.evaluation.catalog import METRIC_FILES, METRICS
from lowlight_cli.evaluation.score import Scorer

NEED_NOTHING = [name for name, entry in METRICS.items() if not entry.files]


@pytest.fixture
def references():
    """Two pictures of stripes and discs, in several colors, of odd size."""
    down, across = torch.meshgrid(torch.arange(177), torch.arange(181), indexing="ij")
    stripes = torch.sin((down + 2 * across) / 9)
    discs = torch.cos(down / 13) * torch.cos(across / 17)
    channels = [0.5 + 0.3 * stripes, 0.5 + 0.3 * discs, 0.5 + 0.2 * (stripes * discs)]
    return torch.stack([torch.stack(channels), torch.stack(channels[::-1])])


def score(name, images, references, protocol="lle"):
    """Scores of pictures, cut down to what the metric needs."""
    side = max(METRICS[name].smallest, 49)
    images, references = (batch[..., :side, : side + 4] for batch in (images, references))
    return [row.values[name] for row in Scorer([name], protocol).score(images, references)]


def test_there_are_metrics_without_files():
    assert len(NEED_NOTHING) >= 9
    assert len(METRICS) >= 16


@pytest.mark.parametrize("name", METRICS)
def test_entries_are_whole(name):
    entry = METRICS[name]
    assert entry.name == name
    assert entry.label
    assert entry.summary.endswith(".")
    assert set(entry.files) <= set(METRIC_FILES)
    assert entry.arrow in "↑↓"
    assert 2 <= entry.digits <= 4
    if entry.backend == "pyiqa":
        assert entry.files


def test_every_file_is_of_some_metric_and_its_name_agrees_with_its_digest():
    used = {file for entry in METRICS.values() for file in entry.files}
    assert used == set(METRIC_FILES)
    for name, file in METRIC_FILES.items():
        digits = re.search(r"-([0-9a-f]{8})\.pth$", name)
        assert file.sha256 == (digits.group(1) if digits else "")
        assert file.source.endswith(name)
        assert file.licence


@pytest.mark.parametrize("name", NEED_NOTHING)
@pytest.mark.parametrize("protocol", ["lle", "pyiqa", "y"])
def test_more_noise_is_worse(name, protocol, references):
    noise = torch.randn_like(references)
    by_strength = [
        score(name, (references + strength * noise).clamp(0, 1), references, protocol)
        for strength in (0.0, 0.02, 0.1, 0.3)
    ]
    for worse, better in zip(by_strength[1:], by_strength, strict=False):
        for low, high in zip(worse, better, strict=True):
            assert (low < high) is METRICS[name].higher_is_better


@pytest.mark.parametrize("name", NEED_NOTHING)
def test_neighbors_in_a_batch_do_not_matter(name, references):
    images = (references + torch.randn_like(references) / 10).clamp(0, 1)
    together = score(name, images, references)
    apart = [score(name, images[i : i + 1], references[i : i + 1])[0] for i in (0, 1)]
    turned = score(name, images.flip(0), references.flip(0))[::-1]
    assert together == pytest.approx(apart, abs=1e-9)
    assert together == pytest.approx(turned, abs=1e-9)
    assert together[0] != together[1]


@pytest.mark.parametrize("name", NEED_NOTHING)
def test_pictures_and_references_may_change_places(name, references):
    images = (references + torch.randn_like(references) / 10).clamp(0, 1)
    assert score(name, images, references) == pytest.approx(score(name, references, images), abs=1e-9)


@pytest.mark.parametrize("name", NEED_NOTHING)
def test_the_smallest_picture_is_scored_and_a_smaller_one_is_not(name):
    side = METRICS[name].smallest
    images, references = torch.rand(1, 3, side, side), torch.rand(1, 3, side, side)
    scorer = Scorer([name])
    assert scorer.score(images, references)[0].values[name] is not None
    if side > 1:
        assert scorer.score(images[..., 1:, :], references[..., 1:, :])[0].values[name] is None
