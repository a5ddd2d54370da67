"""A GPU gives what the CPU gives."""

import pytest
import torch

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.layers.deformable import deformable_convolution
from lowlight_cli.models.controls import Controls

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]


@pytest.fixture
def picture() -> torch.Tensor:
    return torch.rand(2, 3, 128, 160) * 0.2


def test_full_precision_agrees_with_the_cpu(picture):
    expected = load_enhancer("codeenhance").enhance(picture, Controls())
    model = load_enhancer("codeenhance", device="cuda")
    made = model.enhance(picture.cuda(), Controls()).cpu()
    torch.testing.assert_close(made, expected, rtol=0, atol=2e-3)


def test_bfloat16_stays_within_three_steps_of_eight_bits(picture):
    expected = load_enhancer("codeenhance").enhance(picture, Controls())
    model = load_enhancer("codeenhance", device="cuda")
    with torch.autocast("cuda", torch.bfloat16):
        made = model.enhance(picture.cuda(), Controls()).float().cpu()
    assert (made - expected).abs().mean() <= 0.5 / 255
    assert (made - expected).abs().quantile(0.999) <= 3 / 255


def test_a_folder_goes_through_the_gpu(run_lle, tmp_path, make_picture):
    for number in range(3):
        make_picture(tmp_path / "in" / f"{number}.png", (96, 64), seed=number)
    run = run_lle("enhance", tmp_path / "in", "-o", tmp_path / "out", "--device", "cuda")
    assert run.code == 0, run.err
    assert len(list((tmp_path / "out").glob("*.png"))) == 3


def test_a_gpu_scores_as_the_cpu_does():
    metrics = [name for name, entry in METRICS.items() if not entry.files]
    images, references = torch.rand(3, 3, 200, 300), torch.rand(3, 3, 200, 300)
    expected = Scorer(metrics, grey_mean=True).score(images, references)
    found = Scorer(metrics, grey_mean=True, device=torch.device("cuda")).score(images, references)
    for made, wanted in zip(found, expected, strict=True):
        assert made.values == pytest.approx(wanted.values, abs=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_gpu_convolves_at_moved_places_as_the_cpu_does(dtype):
    inputs = (torch.randn(2, 8, 20, 30), 3 * torch.randn(2, 72, 20, 30), torch.rand(2, 36, 20, 30))
    weight, bias = torch.randn(4, 8, 3, 3) / 8, torch.randn(4)
    inputs = tuple(value.to(dtype) for value in inputs)
    expected = deformable_convolution(*(value.float() for value in inputs), weight, bias)
    made = deformable_convolution(*(value.cuda() for value in inputs), weight.cuda(), bias.cuda())
    assert made.dtype == dtype
    tolerance = 1e-4 if dtype == torch.float32 else 3e-2
    torch.testing.assert_close(made.float().cpu(), expected, rtol=tolerance, atol=tolerance)
