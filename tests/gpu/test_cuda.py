"""A GPU gives what the CPU gives, in every number format, and when its memory runs out."""

import json

import cv2
import numpy as np
import pytest
import torch

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.device import BF16, FP16, FP32, TF32
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.images.decode import decode
from lowlight_cli.layers.deformable import deformable_convolution
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.pipeline.agreement import LARGEST_STEP, compare_with_float32
from lowlight_cli.pipeline.begin_pass import begin_pass
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.model_setup import make_pipeline_config, make_runner
from lowlight_cli.pipeline.pass_graphs import FIRST_PASSES
from lowlight_cli.pipeline.plan import plan_jobs
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


def like_a_photo(height, width):
    """Dark and smooth, with a little noise; of pure noise, the small copy that tiles go by would be gray."""
    rng = np.random.default_rng(0)
    rough = rng.integers(0, 60, (height // 250, width // 250)).astype(np.float32)
    smooth = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    tinted = smooth[..., None] * np.float32([1, 0.9, 0.8])
    return (tinted + rng.normal(0, 1, (height, width, 3))).clip(0, 255).astype(np.uint8)


def test_a_lack_of_memory_costs_time_and_no_image():
    pixels = [like_a_photo(1500, 2000)]
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


def graph_count(runner):
    return len(runner.graphs._passes)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("glare", "vqcnir")])
def test_a_recorded_pass_gives_the_bits_of_one_that_is_not(name, precision):
    settings = EnhanceSettings(model=name, device="cuda", precision=precision)
    recorded, plain = make_runner(settings), make_runner(settings)
    plain.graphs.stop()
    rng = np.random.default_rng(0)
    for _ in range(FIRST_PASSES + 3):
        batches = [rng.integers(0, 60, (count, 100, 150, 3), np.uint8) for count in (2, 3)]
        waiting = [begin_pass(recorded, list(batch)) for batch in batches]  # two graphs share their memory
        for collect, batch in zip(waiting, batches, strict=True):
            for made, wanted in zip(collect(), begin_pass(plain, list(batch))(), strict=True):
                assert np.array_equal(made, wanted)
    assert (graph_count(recorded), graph_count(plain)) == (2, 0)


def test_a_run_with_graphs_writes_what_one_without_writes(make_picture, tmp_path):
    for number in range(40):
        make_picture(tmp_path / "in" / f"{number:02}.png", (120, 90), seed=number)
    settings = EnhanceSettings(device="cuda", precision="fp16", batch_size=4)
    for name in ("graphs", "plain"):
        runner = make_runner(settings)
        if name == "plain":
            runner.graphs.stop()
        plan = plan_jobs([tmp_path / "in"], f"{tmp_path / name}/")
        report = run_plan(plan, runner, make_pipeline_config(settings, runner.device))
        assert report.count("ok") == 40
        assert graph_count(runner) == (name == "graphs")
    for number in range(40):
        made, wanted = (decode(tmp_path / name / f"{number:02}.png").pixels for name in ("graphs", "plain"))
        assert np.array_equal(made, wanted)


@pytest.mark.parametrize("name", ["codeenhance", "lw-drgn"])
def test_photos_of_several_sizes_share_a_pass_and_its_graph(name):
    runner = make_runner(EnhanceSettings(model=name, device="cuda", precision="fp32"))
    pictures = [like_a_photo(height, 300) for height in (260, 259)]
    expected = runner(pictures)
    for _ in range(FIRST_PASSES + 3):
        for made, wanted in zip(begin_pass(runner, pictures)(), expected, strict=True):
            assert np.abs(made.astype(int) - wanted).max() <= 1
    assert graph_count(runner) == 1


def assert_equal_passes(runner, pictures, *, graphs):
    results = [begin_pass(runner, pictures)()[0] for _ in range(FIRST_PASSES + 3)]
    assert graph_count(runner) == graphs
    assert all(np.array_equal(each, results[0]) for each in results)


def test_glare_is_not_recorded_and_random_numbers_still_work():
    runner = make_runner(EnhanceSettings(model="glare", device="cuda", precision="fp32"))
    pictures = [like_a_photo(250, 500)]
    assert_equal_passes(runner, pictures, graphs=0)
    torch.manual_seed(0)
    assert torch.rand(3, device=CUDA).isfinite().all()


def test_a_recording_that_fails_leaves_random_numbers_and_results_as_they_were():
    runner = make_runner(EnhanceSettings(device="cuda", precision="fp32"))
    enhance = runner.enhancer.enhance

    def waiting(images, *given, **named):
        images.sum().item()  # a wait, which no recording allows
        return enhance(images, *given, **named)

    runner.enhancer.enhance = waiting
    pictures = [like_a_photo(250, 500)]
    assert_equal_passes(runner, pictures, graphs=0)
    torch.manual_seed(0)
    assert torch.rand(3, device=CUDA).isfinite().all()
    runner = make_runner(EnhanceSettings(device="cuda", precision="fp32"))
    assert_equal_passes(runner, pictures, graphs=1)
