"""What must hold for every model that lifts pictures before its network."""

from itertools import pairwise

import pytest
import torch

from lowlight_cli.layers.exposure import luma
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.control_targets import smooth
from lowlight_cli.models.controls import Controls
from tests.contracts.narrow_models import narrowed

LIFTED = {
    name: entry.presets["lite"]
    for name, entry in MODELS.items()
    if "lite" in entry.presets and getattr(entry.presets["lite"], "lift_target", None) is not None
}
STEPS = (0.0, 0.5, 1.0, 1.5, 2.0)
CONTROLS = [
    (name, control)
    for name in LIFTED
    for control in ("contrast", "brightness", "texture")
    if control in MODELS[name].controls  # the tone curves behind the model do the others
]


def build(name, sized=lambda config: config, **settings):
    torch.manual_seed(0)
    return MODELS[name].build(sized(LIFTED[name].model_copy(update=settings))).eval()


def well_lit():
    return 0.35 + 0.4 * torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))


def dark():
    return 0.01 + 0.08 * torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))


def test_all_models_with_weights_are_here():
    assert set(LIFTED) == {name for name, entry in MODELS.items() if entry.weights}


@pytest.fixture(params=LIFTED)
def name(request):
    return request.param


@torch.inference_mode()
def test_a_well_lit_picture_stays_as_it_is(name):
    images = well_lit()
    made = build(name).enhance(images, Controls())
    assert torch.equal((made * 255).round(), (images * 255).round())


@torch.inference_mode()
@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_so_it_does_in_16_bits_of_a_network_that_computes_in_fewer(name, precision):
    images = (well_lit() * 65535).round() / 65535
    with torch.autocast("cpu", precision):
        # On a CPU, a network of full size takes seconds in float16.
        made = build(name, narrowed).enhance(images, Controls())
    assert torch.equal((made * 65535).round(), (images * 65535).round())


@torch.inference_mode()
def test_an_evenly_dark_picture_is_made_as_with_one_gain(name):
    images = dark()
    local, even = (build(name, lift=kind).enhance(images, Controls()) for kind in ("local", "global"))
    torch.testing.assert_close(local, even, rtol=0, atol=2e-3)


@torch.inference_mode()
@pytest.mark.parametrize(("name", "control"), CONTROLS)
def test_controls_act_on_what_was_kept_in_steps_of_one_direction(name, control):
    """Detail for texture, spread for contrast, mean for brightness."""
    model, images = build(name), well_lit()
    measure = {
        "contrast": lambda made: luma(made).std(),
        "brightness": lambda made: made.mean(),
        "texture": lambda made: (made - smooth(made)).abs().mean(),
    }[control]
    values = [float(measure(model.enhance(images, Controls(**{control: step})))) for step in STEPS]
    assert all(low < high for low, high in pairwise(values)), values


@torch.inference_mode()
def test_a_reference_acts_on_what_was_kept():
    model, images = build("codeenhance"), well_lit()
    red = torch.tensor([0.8, 0.4, 0.3]).view(1, 3, 1, 1).expand(1, 3, 40, 40)
    made = model.enhance(images, Controls(), reference=red)
    moved = (made - images).mean((2, 3))[0]
    assert moved[0] > 0.03
    assert moved[2] < -0.03
    facts = model.observe(images, Controls(), reference=red)
    torch.testing.assert_close(model.enhance(images, Controls(), observation=facts), made)
