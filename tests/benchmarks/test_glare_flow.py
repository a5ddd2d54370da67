"""The diagnosis of the flow of GLARE: what it counts, and that a tiny run prints all tables."""

import numpy as np
import pytest
import torch

from benchmarks import glare_flow
from lowlight_cli.checkpoints.save import save_state
from lowlight_cli.models.glare.config import PRESETS, FlowConfig, GlareConfig
from lowlight_cli.models.glare.model import Glare
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.models.vqgan.model import Vqgan

VQGAN = VqganConfig(
    stem_channels=8,
    encoder_channels=(8, 8, 8),
    encoder_blocks=(1, 1, 1),
    code_count=16,
    code_channels=4,
    decoder_channels=(8, 8, 8),
    decoder_blocks=(1, 1, 1),
    groups=0,
    act="leaky",
)
FLOW = FlowConfig(levels=1, plain_steps=1, coupled_steps=1, hidden=8)
TINY = PRESETS["lite"].model_copy(update={"vqgan": VQGAN, "condition_channels": 8, "flow": FLOW})


def stored(path, config: GlareConfig):
    """Random weights of a small network in a file."""
    torch.manual_seed(0)
    model = Glare(config)
    save_state(path, model.state_dict(), {"architecture": "glare", "config": config.model_dump(mode="json")})
    return path


@pytest.fixture
def arguments(tmp_path, make_picture):
    """Two pairs, and weights of both stages."""
    for number in range(2):
        for kind in ("low", "high"):
            make_picture(tmp_path / kind / f"{number}.png", (36, 44), seed=number)
    torch.manual_seed(0)
    save_state(tmp_path / "one.safetensors", Vqgan(VQGAN).state_dict(), {"architecture": "vqgan"})
    flow = stored(tmp_path / "flow.safetensors", TINY)
    return [str(tmp_path), f"--stage-one={tmp_path / 'one.safetensors'}", f"--checkpoint={flow}"]


def rows_of(text):
    """Numbers of each row of the first table of a title, by the name of the row."""
    lines = (line.split("  ") for line in text.splitlines() if line)
    return {words[0]: [float(word) for word in words[1:] if word.strip()] for words in lines if is_row(words)}


def is_row(words):
    return len(words) > 1 and words[-1].strip().replace(".", "").replace("-", "").isdigit()


def test_a_tiny_run_prints_every_table(arguments, tmp_path, capsys):
    plain = stored(tmp_path / "plain.safetensors", TINY.model_copy(update={"flow": FlowConfig(levels=0)}))
    glare_flow.main([*arguments, "--names=0,1", f"--plain={plain}"])
    text = capsys.readouterr().out
    assert text.startswith("2 images\n")
    rows = rows_of(text)
    assert rows["bright image"][0] == 100
    assert rows["bright image"][3] == 0
    assert rows[glare_flow.FOUND][1] >= rows[glare_flow.FOUND][0]
    assert rows[glare_flow.FOUND][4] == 0
    for temperature in glare_flow.TEMPERATURES:
        assert rows[f"flow, temperature {temperature}"][4] > 0
    assert "plain regression, trained alike" in rows
    for labels in glare_flow.QUARTERS.values():
        assert all(0 <= rows[label][0] <= 100 for label in labels)
    assert rows["noise: mean deviation of channels (1)"][0] > 0
    assert {"1", "2"} <= rows.keys()


def test_codes_alone_leave_out_the_decoder_and_unknown_names_are_refused(arguments, capsys):
    glare_flow.main([*arguments, "--names=0", "--codes-alone"])
    assert "GLARE" not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        glare_flow.main([*arguments, "--names=7"])
    assert "no pairs of these names" in capsys.readouterr().err


def test_quarters_have_equal_shares_and_follow_the_values():
    values = torch.rand(1, 6, 8)
    quarters = glare_flow.quarters_of(values)
    assert torch.bincount(quarters.flatten()).tolist() == [12, 12, 12, 12]
    for index in range(3):
        assert values[quarters == index].max() < values[quarters == index + 1].min()


def test_activity_is_the_deviation_inside_a_position():
    plane = torch.rand(1, 1, 16, 24)
    cells = plane.view(2, 8, 3, 8).numpy().std((1, 3))
    assert np.allclose(glare_flow.activity(plane, 8)[0].numpy(), cells, atol=1e-5)


@torch.inference_mode()
def test_noise_of_a_flow_that_fits_is_standard_normal():
    """Latents that the flow itself makes of standard normal noise."""
    torch.manual_seed(1)
    model = Glare(TINY).eval()
    for parameter in model.flow.parameters():
        parameter.add_(0.05 * torch.randn_like(parameter))
    dark = 0.2 * torch.rand(1, 3, 256, 256)
    conditions = model.read_conditions(dark, {})
    wanted = model.retrieve(conditions._replace(mean=conditions.mean + torch.randn_like(conditions.mean)))
    pair = glare_flow.Pair(dark, dark, conditions, wanted, model.retrieve(conditions))
    rows = glare_flow.fit(model, pair)
    assert rows["noise: mean deviation of channels (1)"]["value"] == pytest.approx(1, abs=0.05)
    assert rows["noise: fourth moment (3)"]["value"] == pytest.approx(3, abs=0.3)
    assert rows["noise: beyond 2, % (4.6)"]["value"] == pytest.approx(4.6, abs=1.5)
    assert rows["noise: correlation of neighbors (0)"]["value"] == pytest.approx(0, abs=0.06)
