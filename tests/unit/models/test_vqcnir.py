"""VQCNIR: its counts, its beginnings, its equations, and what the shipped size adds to them."""

import pytest
import torch
from torch.nn.functional import conv2d

from lowlight_cli.checkpoints.official_vqcnir import restorer_names, translate
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.cost import count_operations, count_parameters
from lowlight_cli.models.vqcnir.bidirectional_attention import BidirectionalAttention
from lowlight_cli.models.vqcnir.config import PRESETS, PUBLISHED_PRIOR, VqcnirConfig
from lowlight_cli.models.vqcnir.illumination_enhancement import (
    IlluminationEnhancement,
    MutualBrightening,
    brighten,
)
from lowlight_cli.models.vqcnir.model import NARROW_FRAME, Vqcnir, officially_padded
from lowlight_cli.models.vqcnir.warping import Warp
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.models.vqgan.discriminator import UnetDiscriminator
from lowlight_cli.models.vqgan.model import Vqgan
from tests.unit.models.vqcnir_reference import Reference

NARROW = VqcnirConfig(
    vqgan=VqganConfig(
        stem_channels=8,
        encoder_channels=(8, 16, 16),
        encoder_blocks=(2, 2, 2),
        code_count=24,
        code_channels=8,
        decoder_channels=(16, 8, 8),
        decoder_blocks=(2, 2, 2),
        groups=4,
    ),
    head_width=8,
    padding="min8",
)
ONE = torch.tensor(1.0)


@pytest.fixture(scope="module")
def published() -> Vqcnir:
    """The published network without numbers."""
    with torch.device("meta"):
        return Vqcnir(PRESETS["paper"])


@pytest.fixture(scope="module")
def narrow() -> Vqcnir:
    """The published network with few channels; nothing of it is at the zero or one that it starts from."""
    torch.manual_seed(0)
    model = Vqcnir(NARROW).eval()
    for name, parameter in model.named_parameters():
        if parameter.dim() == 1 or "scale" in name:
            torch.nn.init.normal_(parameter, mean=float(parameter.detach().mean()), std=0.3)
        if "predict" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


# Counts


def test_parts_have_the_published_numbers_of_parameters(published: Vqcnir) -> None:
    assert {name: count_parameters(part) for name, part in published.parts().items()} == {
        "encoder": 6_278_336,
        "illumination_enhancement": 12 * 2_228_236,
        "pre_quant": 131_584,
        "codebook": 524_288,
        "post_quant": 1_179_904,
        "decoder": 4_060_864 + 1_731,
        "faithful": 8_938_683,
    }
    assert count_parameters(published) == 47_854_222
    assert len(published.state_dict()) == 957
    assert count_parameters(published.aiem[0].imae.mutual) == 1_525_260


@pytest.mark.parametrize(
    ("level", "counts"),
    [
        (0, (1_640_556, 264_708, 0, 0)),
        (1, (2_230_380, 264_708, 590_080, 1_902_848)),
        (2, (771_180, 66_818, 295_040, 476_288)),
        (3, (225_900, 17_025, 73_792, 119_360)),
    ],
)
def test_levels_have_the_published_numbers_of_parameters(
    published: Vqcnir, level: int, counts: tuple[int, ...]
) -> None:
    made = published.faithful.levels[level]
    parts = (made.warp, made.attn, made.up, made.fuse)
    assert tuple(0 if part is None else count_parameters(part) for part in parts) == counts


def test_the_lq_phase_trains_the_published_number_of_parameters(published: Vqcnir) -> None:
    frozen = {id(parameter) for part in published.frozen_parts() for parameter in part.parameters()}
    trained = [parameter for parameter in published.parameters() if id(parameter) not in frozen]
    assert sum(parameter.numel() for parameter in trained) == 42_087_435


def test_the_hq_phase_and_the_critic_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        assert count_parameters(Vqgan(PUBLISHED_PRIOR)) == 12_176_707
    assert count_parameters(UnetDiscriminator(3, 64)) == 4_376_897


# Without padding; a multiplication and an addition count as two. Half of the published cost of the codebook
# (0.54 of 1.07 billions) is saved: codes are gathered, not multiplied by a table of zeros and ones.
def test_it_costs_what_was_published() -> None:
    with torch.device("meta"):
        model = Vqcnir(VqcnirConfig(padding="min8"))
    operations = count_operations(model.to_empty(device="cpu"), 256, 256)
    assert operations / 2e9 == pytest.approx(172.8 - 0.54, rel=5e-3)


def test_the_lite_size_is_as_small_as_was_asked_for() -> None:
    model = Vqcnir(PRESETS["lite"]).eval()
    assert count_parameters(model) <= 4_000_000
    assert count_operations(model, 256, 256) <= 20e9


# Beginnings


def test_illumination_and_exchange_begin_as_the_identity() -> None:
    features, prior = torch.randn(2, 2, 16, 6, 7)
    assert torch.equal(IlluminationEnhancement(16)(features).features, features)
    exchanged = BidirectionalAttention(16, 8)(features, prior)
    assert torch.equal(exchanged.own, features)
    assert torch.equal(exchanged.prior, prior)


def test_a_warp_begins_as_half_a_convolution() -> None:
    own, prior = torch.randn(2, 1, 16, 8, 9)
    warp = Warp(0, NARROW)
    wanted = 0.5 * conv2d(own, warp.dcn.weight, padding=1) + warp.dcn.bias.view(-1, 1, 1)
    torch.testing.assert_close(warp(own, prior, None).features, wanted, rtol=1e-4, atol=1e-5)


# Brightening


def test_curves_keep_black_and_white_and_only_brighten() -> None:
    levels = torch.linspace(-1, 2, 61).view(1, 1, 1, -1)
    amounts = torch.rand(1, 3, 1, 61)
    made = brighten(levels, amounts)
    clamped = levels.clamp(0, 1)
    assert torch.equal(made[levels <= 0], torch.zeros_like(made[levels <= 0]))
    assert torch.equal(made[levels >= 1], torch.ones_like(made[levels >= 1]))
    assert (made >= clamped).all()
    assert (made <= 1).all()
    more = brighten(levels, (amounts + 0.1).clamp(max=1))
    assert (more >= made).all()


def test_a_part_is_brightened_by_what_the_others_show() -> None:
    layer, features = MutualBrightening(16, 4, 3), torch.rand(1, 16, 9, 9, requires_grad=True)
    seen = []
    layer.curve[1].register_forward_hook(lambda _, __, amounts: seen.append(amounts))
    layer(features)
    assert seen[0].shape == (1, 3, 9, 9)
    assert seen[0].min() > 0
    assert seen[0].max() < 1
    (reached,) = torch.autograd.grad(seen[0].sum(), features)
    assert not reached[:, 4:8].any()
    assert reached[:, :4].any()
    assert reached[:, 8:].any()


# The whole


@torch.no_grad()
@pytest.mark.parametrize("texture", [1.0, 0.3])
def test_it_computes_what_the_equations_say(narrow: Vqcnir, texture: float) -> None:
    names = restorer_names()
    state = narrow.state_dict()
    official = {theirs: state[ours] for theirs, ours in names.items()}
    assert len(official) == 957
    images = torch.rand(2, 3, 32, 40)
    wanted, indices = Reference(official)(images, texture)
    made = narrow(images, torch.tensor(texture))
    assert len(indices.unique()) > 2
    assert torch.equal(made.indices, indices)
    torch.testing.assert_close(made.images, wanted, rtol=1e-4, atol=1e-4)
    again = Vqcnir(NARROW).eval()
    again.load_state_dict(translate({"params": official}).state)
    assert torch.equal(again(images, torch.tensor(texture)).images, made.images)


@torch.no_grad()
def test_codes_alone_give_the_picture_of_the_hq_phase(narrow: Vqcnir) -> None:
    prior = Vqgan(NARROW.vqgan).eval()
    prior.load_state_dict({key: narrow.state_dict()[key] for key in prior.state_dict()})
    images = torch.rand(1, 3, 64, 96)
    rebuilt = prior(images)
    assert rebuilt.indices.shape == (1, 8, 12)
    assert rebuilt.indices.dtype == torch.int64
    codes = narrow.post_quant(narrow.codebook.lookup(rebuilt.indices))
    torch.testing.assert_close(narrow.decoder(codes), rebuilt.images)


def test_the_lq_phase_teaches_nothing_that_is_frozen() -> None:
    model = Vqcnir(NARROW)
    for part in model.frozen_parts():
        part.requires_grad_(requires_grad=False)
    model(torch.rand(1, 3, 32, 32), torch.tensor(0.0)).images.square().sum().backward()
    assert all(p.grad is None for part in model.frozen_parts() for p in part.parameters())
    # With texture 0 only the codes reach the picture: what the latent learns came straight through them.
    assert model.pre_quant.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("size", "padded"), [((400, 600), (448, 640)), ((256, 256), (320, 320)), ((20, 70), (40, 128))]
)
def test_official_padding_mirrors_with_the_border(size: tuple[int, int], padded: tuple[int, int]) -> None:
    images = torch.rand(1, 3, *size)
    made = officially_padded(images)
    assert made.shape[2:] == padded
    assert torch.equal(made[..., : size[0], : size[1]], images)
    assert torch.equal(made[..., size[0], : size[1]], images[..., -1, :])
    assert torch.equal(made[..., : size[0], size[1]], images[..., -1])


@pytest.mark.parametrize("padding", ["official", "min8"])
@pytest.mark.parametrize("size", [(64, 96), (24, 32)])
def test_size_is_kept_in_both_ways_of_padding(narrow: Vqcnir, padding: str, size: tuple[int, int]) -> None:
    model = Vqcnir(NARROW.model_copy(update={"padding": padding})).eval()
    model.load_state_dict(narrow.state_dict())
    images = torch.rand(1, 3, *size)
    assert (model.size_multiple, model.frame) == ((1, 0) if padding == "official" else (8, NARROW_FRAME))
    with torch.no_grad():
        made = model.enhance(images, Controls())
    assert made.shape == images.shape
    assert made.isfinite().all()


@torch.no_grad()
def test_texture_is_the_share_of_the_faithful_decoder(narrow: Vqcnir) -> None:
    images = torch.rand(1, 3, 32, 32)
    none, one, two = (narrow(images, torch.tensor(w)).images for w in (0.0, 1.0, 2.0))
    assert not torch.allclose(none, one, atol=1e-3)
    torch.testing.assert_close(two - one, one - none, rtol=1e-4, atol=1e-4)


def test_a_tile_of_the_lite_size_is_like_the_whole() -> None:
    torch.manual_seed(3)
    model = Vqcnir(PRESETS["lite"]).eval()
    for name, parameter in model.named_parameters():
        if name.endswith(("hie_scale", "imae_scale", "scale_d", "scale_g")):
            torch.nn.init.normal_(parameter, std=0.1)
        if "predict" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    images = 0.3 * torch.rand(1, 3, 64, 448)
    with torch.no_grad():
        facts = model.observe(images, Controls())
        whole = model.enhance(images, Controls(), observation=facts)
        tile = model.enhance(images[..., :320], Controls(), observation=facts)
    torch.testing.assert_close(tile[..., :128], whole[..., :128], rtol=0, atol=2e-3)
