"""The networks of GLARE, at their published sizes by count and small by value."""

import math

import pytest
import torch

from lowlight_cli.losses.likelihood import bits_per_position
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.cost import count_parameters
from lowlight_cli.models.glare.adaptive_fusion import AdaptiveFusion
from lowlight_cli.models.glare.config import PRESETS, FlowConfig, GlareConfig
from lowlight_cli.models.glare.latent_flow import LatentFlow
from lowlight_cli.models.glare.model import Glare
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.models.vqgan.model import Vqgan

TINY = GlareConfig(
    vqgan=VqganConfig(
        layout="taming",
        stem_channels=8,
        stem_blocks=1,
        encoder_channels=(8, 8),
        encoder_blocks=(1, 1),
        code_count=16,
        code_channels=3,
        decoder_channels=(8, 8),
        decoder_blocks=(1, 1),
        latent_blocks=1,
        groups=2,
    ),
    flow=FlowConfig(levels=1, plain_steps=1, coupled_steps=2, hidden=8),
    condition_channels=6,
    deform_groups=(2, 4),
)


@pytest.fixture
def tiny() -> Glare:
    """The published layout with a few channels."""
    return Glare(TINY).eval()


def stirred(flow: LatentFlow) -> LatentFlow:
    """A flow whose steps move something: all that starts at zero is random."""
    for parameter in flow.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    for step in flow.steps:
        torch.nn.init.orthogonal_(step.mixing.weight)
    return flow


def test_the_published_network_has_the_published_size():
    with torch.device("meta"):
        model, prior = Glare(PRESETS["paper"]), Vqgan(PRESETS["paper"].vqgan)
    counted = {name: count_parameters(part) for name, part in model.parts().items()}
    assert counted == {
        "encoder": 24_442_583,
        "flow": 2_131_332,
        "codebook": 24_576,
        "post_quant": 12,
        "decoder": 36_115_715,
        "fusing": 38_701_789,
    }
    assert count_parameters(model) == 101_416_007
    assert count_parameters(prior.encoder) == 24_440_707
    assert count_parameters(prior.pre_quant) == 12


def test_the_small_network_stays_small():
    with torch.device("meta"):
        assert count_parameters(Glare(PRESETS["lite-flow"])) < 5_000_000


@pytest.mark.parametrize("config", [TINY.flow, PRESETS["lite-flow"].flow], ids=["published", "lite-flow"])
def test_the_flow_comes_back_to_where_it_was(config):
    flow = stirred(LatentFlow(3, 6, config))
    latent, condition = torch.randn(2, 3, 8, 10), torch.rand(2, 6, 8, 10)
    moved = flow(latent, condition)
    assert (moved.features - latent).abs().max() > 0.1
    torch.testing.assert_close(flow.invert(moved.features, condition), latent, rtol=1e-4, atol=1e-4)


def test_the_change_of_volume_is_that_of_the_dense_jacobian():
    flow = stirred(LatentFlow(3, 6, TINY.flow))
    latent, condition = torch.randn(1, 3, 8, 10), torch.rand(1, 6, 8, 10)

    def flat(values):
        return flow(values.view(1, 3, 8, 10), condition).features.flatten()

    jacobian = torch.autograd.functional.jacobian(flat, latent.flatten()).double()
    expected = torch.linalg.slogdet(jacobian).logabsdet.float()
    torch.testing.assert_close(flow(latent, condition).log_determinant[0], expected, rtol=1e-3, atol=1e-2)


def test_norms_make_the_first_latents_normal(tiny):
    dark, latent = torch.rand(2, 3, 32, 32), 3 + 5 * torch.randn(2, 3, 8, 8)
    conditions = tiny.read_conditions(dark, {})
    tiny.fit_norms(latent, conditions)
    after = tiny.flow.steps[0].norm(latent)
    torch.testing.assert_close(after.mean((0, 2, 3)), torch.zeros(3), rtol=0, atol=1e-4)
    torch.testing.assert_close(after.std((0, 2, 3), correction=0), torch.ones(3), rtol=1e-3, atol=1e-3)
    seen = tiny.flow(latent, conditions.condition).features
    assert seen.abs().mean() < 3


def test_steps_start_close_to_the_identity(tiny):
    condition = torch.rand(1, 6, 4, 4)
    shift, scale = tiny.flow.steps[1].affine.read(condition)
    assert not shift.any()
    torch.testing.assert_close(scale, torch.full_like(scale, 1 / (1 + math.exp(-2)) + 1e-4))


def test_bits_of_the_likeliest_latent():
    latent = torch.randn(2, 3, 4, 5)
    bits = bits_per_position(latent, latent, torch.zeros(2))
    assert float(bits) == pytest.approx(1.5 * math.log(2 * math.pi) / math.log(2), abs=1e-5)
    halved = bits_per_position(latent, latent, torch.full((2,), math.log(2) * 20))
    assert float(bits - halved) == pytest.approx(1, abs=1e-5)


def test_gates_and_deformable_fusion_start_as_published():
    model = Glare(TINY)
    gates = [float(fusion.gate.detach().sigmoid()) for fusion in model.fusing.fusions]
    assert gates == pytest.approx([0.2689, 0.3543], abs=1e-4)
    fusion = model.fusing.fusions[0]
    prior, guide = torch.randn(1, 8, 6, 6), torch.randn(1, 8, 6, 6)
    plain = torch.nn.functional.conv2d(prior, fusion.deform.weight, padding=1)
    torch.testing.assert_close(fusion.deform(prior, guide), plain / 2, rtol=1e-4, atol=1e-5)


def test_published_fusion_is_its_formula():
    fusion = AdaptiveFusion(4, -1.0, balanced=False, groups=4, guarded=False)
    dark, decoded, prior = torch.rand(3, 2, 4, 6, 6).unbind()
    fused = fusion(dark, decoded, prior, 1.0)
    gate = 1 / (1 + math.e)
    mixed = gate * dark + (1 - gate) * decoded
    found = torch.nn.functional.conv2d(prior, fusion.deform.weight, padding=1) / 2
    ratio = mixed.mean((1, 2, 3), keepdim=True) / found.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(fused.features, mixed + found * ratio, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("balanced", [False, True])
def test_a_prior_that_shows_nothing_keeps_all_finite(balanced):
    fusion = AdaptiveFusion(4, -1.0, balanced=balanced, groups=1, guarded=True)
    dark, decoded = torch.rand(2, 1, 4, 6, 6).unbind()
    fused = fusion(dark, decoded, torch.zeros(1, 4, 6, 6), 1.0)
    assert fused.features.isfinite().all()
    assert fused.ratio.isfinite().all()


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("balanced", [True, False])
@pytest.mark.parametrize("groups", [0, 2])
def test_features_keep_their_precision_beside_learned_numbers_in_float32(groups, balanced, precision):
    fusion = AdaptiveFusion(4, -1.0, balanced=balanced, groups=groups, guarded=True)
    parts = torch.rand(3, 2, 4, 8, 8)
    beta = torch.rand(2, 1, 1, 1)
    wanted = fusion(*parts, beta)
    with torch.autocast("cpu", precision):
        for given in (parts, parts.to(precision)):
            fused = fusion(*given, beta)
            assert fused.features.dtype == given.dtype
            assert fused.ratio.dtype == torch.float32
            torch.testing.assert_close(fused.features.float(), wanted.features, rtol=0.05, atol=0.05)


def test_offsets_that_are_no_numbers_do_no_harm(tiny):
    for fusion in tiny.fusing.fusions:
        fusion.deform.predict.bias.data.fill_(math.nan)
        torch.nn.init.zeros_(fusion.deform.predict.weight)
    tiny.fusing.fusions[0].deform.predict.bias.data[72:] = 0
    made = tiny(torch.rand(1, 3, 16, 16))
    assert made.images.shape == (1, 3, 16, 16)


def test_a_beta_of_zero_hides_the_dark_features_and_a_large_one_takes_all(tiny):
    fusion = tiny.fusing.fusions[0]
    dark, decoded, prior = torch.randn(3, 1, 8, 6, 6).unbind()
    alone = fusion(dark, decoded, prior, 0.0).features
    torch.testing.assert_close(fusion(torch.randn_like(dark), decoded, prior, 0.0).features, alone)
    most = 1 / float(fusion.gate.detach().sigmoid())
    full = fusion(dark, decoded, prior, most).features
    torch.testing.assert_close(fusion(dark, torch.randn_like(decoded), prior, most + 1).features, full)


def test_texture_is_beta_and_each_picture_may_have_its_own(tiny):
    dark = torch.rand(2, 3, 16, 24)
    ones = tiny(dark, torch.ones(2, 1, 1, 1)).images
    torch.testing.assert_close(tiny(dark).images, ones)
    turned = tiny.enhance(dark, Controls(texture=0.0))
    mixed = tiny(dark, torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)).images.clamp(0, 1)
    torch.testing.assert_close(mixed[0], turned[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(mixed[1], ones[1].clamp(0, 1), rtol=1e-4, atol=1e-5)


def test_noise_comes_with_temperature_alone_and_from_the_seed(tiny):
    conditions = tiny.read_conditions(torch.rand(2, 3, 16, 16), {})
    still = tiny.retrieve(conditions)
    torch.testing.assert_close(tiny.retrieve(conditions), still)
    torch.manual_seed(1)
    drawn = tiny.retrieve(conditions, 0.5)
    torch.manual_seed(1)
    torch.testing.assert_close(tiny.retrieve(conditions, 0.5), drawn)
    assert (drawn - still).abs().mean() > 1e-3
    assert (tiny.codebook.nearest(drawn) != tiny.codebook.nearest(still)).any()


@pytest.mark.parametrize("config", [TINY, TINY.model_copy(update={"residual": True})], ids=["plain", "rest"])
def test_the_flow_of_a_model_is_run_backwards_exactly(config):
    model = Glare(config).eval()
    stirred(model.flow)
    conditions = model.read_conditions(torch.rand(1, 3, 32, 40), {})
    again = model.likelihood(model.retrieve(conditions), conditions)
    torch.testing.assert_close(again.noise, conditions.mean, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("size", "latent"), [((256, 256), (64, 64)), ((420, 620), (105, 155))], ids=str)
def test_latents_of_the_published_layout_are_a_quarter_of_the_picture(size, latent):
    with torch.device("meta"):
        conditions = Glare(TINY).read_conditions(torch.empty(1, 3, *size), {})
    assert tuple(conditions.mean.shape) == (1, 3, *latent)


def test_the_likelihood_reaches_encoder_and_flow_and_the_picture_the_decoder(tiny):
    tiny.requires_grad_(requires_grad=True)
    dark, latent = torch.rand(2, 3, 16, 16), torch.randn(2, 3, 4, 4)
    conditions = tiny.read_conditions(dark, {})
    seen = tiny.likelihood(latent, conditions)
    bits_per_position(seen.noise, seen.mean, seen.log_determinant).backward()
    assert all(parameter.grad is not None for parameter in tiny.flow.parameters())
    assert not any(parameter.grad is not None for parameter in tiny.fusing.parameters())
    tiny(dark).images.square().mean().backward()
    untouched = [name for name, parameter in tiny.fusing.named_parameters() if parameter.grad is None]
    assert not untouched
    assert not any(
        parameter.grad is not None for part in tiny.prior_parts() for parameter in part.parameters()
    )


def test_without_a_flow_the_latent_is_a_plain_regression():
    model = Glare(PRESETS["lite"])
    conditions = model.read_conditions(torch.rand(1, 3, 32, 32), {})
    torch.testing.assert_close(model.retrieve(conditions), conditions.mean + conditions.base)


def test_the_small_presets_differ_by_their_flow_alone():
    lite, flow = (PRESETS[name].model_dump() for name in ("lite", "lite-flow"))
    assert (lite["flow"].pop("levels"), flow["flow"].pop("levels")) == (0, 2)
    assert lite == flow


@pytest.mark.parametrize("levels", [0, 1])
def test_temperature_is_a_control_of_networks_with_a_flow_alone(levels):
    flow = TINY.flow.model_copy(update={"levels": levels})
    model = Glare(TINY.model_copy(update={"flow": flow})).eval()
    dark = torch.rand(1, 3, 32, 32)
    still, warm = (model.enhance(dark, Controls(temperature=each)) for each in (0.0, 1.0))
    assert ("temperature" in model.supported_controls) == (levels > 0)
    assert torch.equal(still, warm) == (levels == 0)
