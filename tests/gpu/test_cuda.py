"""A GPU gives what the CPU gives, in every number format, and when its memory runs out."""

import json

import numpy as np
import pytest
import torch

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.device import BF16, FP16, FP32, TF32
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.layers.deformable import deformable_convolution
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.pipeline.agreement import LARGEST_STEP, compare_with_float32
from lowlight_cli.pipeline.model_setup import make_runner
from lowlight_cli.pipeline.settings import EnhanceSettings

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]

CUDA = torch.device("cuda", 0)
NAMES = [name for name, entry in MODELS.items() if not entry.hidden]


@pytest.fixture
def image() -> torch.Tensor:
    return torch.rand(2, 3, 128, 160) * 0.2


def test_fp32_agrees_with_the_cpu(image):
    # With TF32, which PyTorch allows by default, this is off by 1.6e-2 on an H200.
    expected = load_enhancer("codeenhance").enhance(image, Controls())
    model = load_enhancer("codeenhance", device="cuda")
    with FP32.on(CUDA):
        made = model.enhance(image.cuda(), Controls()).cpu()
    torch.testing.assert_close(made, expected, rtol=0, atol=2e-3)


@pytest.mark.parametrize("precision", [BF16, FP16], ids=["bf16", "fp16"])
def test_short_formats_stay_within_three_steps_of_eight_bits(image, precision):
    expected = load_enhancer("codeenhance").enhance(image, Controls())
    model = load_enhancer("codeenhance", device="cuda")
    with precision.on(CUDA):
        made = model.enhance(image.cuda(), Controls()).float().cpu()
    assert (made - expected).abs().mean() <= 0.5 / 255
    assert (made - expected).abs().quantile(0.999) <= 3 / 255


@pytest.mark.parametrize("name", NAMES)
def test_auto_takes_a_short_format_that_agrees_with_fp32(name):
    forward = make_runner(EnhanceSettings(model=name, device="cuda"))
    found = compare_with_float32(forward.enhancer, CUDA, forward.precision)
    assert forward.precision in (FP16, BF16), forward.precision_reason
    assert found.largest <= LARGEST_STEP
    assert f"{found.largest:.1f}/255" in forward.precision_reason


@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16", "fp16"])
@pytest.mark.parametrize("name", NAMES)
def test_every_model_enhances_a_folder_in_every_format(run_lle, tmp_path, make_picture, name, precision):
    for number in range(3):
        make_picture(tmp_path / "in" / f"{number}.png", (96, 64), seed=number)
    options = ("-m", name, "--device", "cuda", "--precision", precision, "--json")
    run = run_lle("enhance", tmp_path / "in", "-o", tmp_path / "out", *options)
    assert run.code == 0, run.err
    assert "computed alone" not in run.err
    assert json.loads(run.out.splitlines()[0])["precision"] == precision
    assert len(list((tmp_path / "out").glob("*.png"))) == 3


def test_fp32_and_tf32_are_two_formats_whatever_the_process_allows(monkeypatch):
    pixels = [np.random.default_rng(0).integers(0, 60, (256, 320, 3), np.uint8)]
    made = {}
    for allowed in (False, True):
        monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", allowed)
        for precision in (FP32, TF32):
            forward = make_runner(EnhanceSettings(device="cuda", precision=precision.name))
            made[precision.name, allowed] = forward(pixels)[0]
    assert np.array_equal(made["fp32", False], made["fp32", True])
    assert np.array_equal(made["tf32", False], made["tf32", True])
    assert not np.array_equal(made["fp32", True], made["tf32", True])


def test_a_lack_of_memory_costs_time_and_no_image():
    pixels = [np.random.default_rng(0).integers(0, 60, (1500, 2000, 3), np.uint8)]
    forward = make_runner(EnhanceSettings(device="cuda", precision="fp32"))
    expected = forward(pixels)[0].astype(int)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(CUDA).total_memory
    torch.cuda.set_per_process_memory_fraction(0.9 * 2**30 / total)
    try:
        (made,) = forward(pixels)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert isinstance(made, np.ndarray)
    assert np.abs(made - expected).mean() < 1.0


def test_a_gpu_scores_as_the_cpu_does():
    metrics = [name for name, entry in METRICS.items() if not entry.files]
    images, references = torch.rand(3, 3, 200, 300), torch.rand(3, 3, 200, 300)
    expected = Scorer(metrics, gray_mean=True).score(images, references)
    found = Scorer(metrics, gray_mean=True, device=CUDA).score(images, references)
    for made, wanted in zip(found, expected, strict=True):
        # MS-SSIM, which averages in float32 between its scales, is off by 2.4e-6 on an H200.
        assert made.values == pytest.approx(wanted.values, abs=5e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_gpu_convolves_at_moved_places_as_the_cpu_does(dtype):
    inputs = (torch.randn(2, 8, 20, 30), 3 * torch.randn(2, 72, 20, 30), torch.rand(2, 36, 20, 30))
    weight, bias = torch.randn(4, 8, 3, 3) / 8, torch.randn(4)
    inputs = tuple(value.to(dtype) for value in inputs)
    expected = deformable_convolution(*(value.float() for value in inputs), weight, bias)
    with FP32.on(CUDA):
        made = deformable_convolution(*(value.cuda() for value in inputs), weight.cuda(), bias.cuda())
    assert made.dtype == dtype
    tolerance = 1e-4 if dtype == torch.float32 else 3e-2
    torch.testing.assert_close(made.float().cpu(), expected, rtol=tolerance, atol=tolerance)
