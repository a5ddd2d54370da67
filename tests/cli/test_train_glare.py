"""``lle train glare``: its stages, with a flow and without one."""

import tomllib

import pytest

from lowlight_cli.checkpoints.save import save_state
from lowlight_cli.models.vqgan.config import PRESETS as VQGAN_PRESETS
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.models.vqgan.model import Vqgan


def test_the_stages_of_glare_are_one_command(run_lle, tmp_path):
    def printed(stage, *more):
        run = run_lle("train", "glare", "--stage", stage, "-o", tmp_path / "run", "--print-config", *more)
        assert run.code == 0
        return tomllib.loads(run.out)

    assert printed(1, "--preset", "paper")["model"]["layout"] == "taming"
    assert printed(2, "--preset", "paper")["latent"]["likelihood"] == 1
    assert printed(3)["joint"]
    assert not printed(3, "--preset", "paper")["joint"]


def test_stages_of_glare_say_what_they_need(run_lle, tmp_path):
    third = run_lle("train", "glare", "--stage", 3, "-o", tmp_path / "run", "--data", tmp_path)
    assert (third.code, third.out) == (2, "")
    assert "--start" in third.err
    first = run_lle("train", "glare", "--stage", 1, "-o", tmp_path / "run", "--start", "a")
    assert first.code == 2
    assert "--start is only for stages 2 and 3" in first.err


NARROW_VQGAN = {
    "stem_channels": 8, "encoder_channels": [8, 8, 8], "encoder_blocks": [1, 1, 1], "code_count": 16,
    "code_channels": 4, "decoder_channels": [8, 8, 8], "decoder_blocks": [1, 1, 1],
}  # fmt: skip
NARROW_GLARE = ("model.condition_channels=8", "model.flow.coupled_steps=1", "model.flow.hidden=8")


@pytest.mark.parametrize("levels", [0, 1])
def test_glare_trains_with_a_flow_or_as_a_plain_regression(levels, run_lle, tmp_path, make_picture):
    for name in ("1", "2"):
        for part in ("low", "high"):
            make_picture(tmp_path / "pairs" / part / f"{name}.png", (72, 70))
    shape = VqganConfig.model_validate(VQGAN_PRESETS["lite"].model_dump() | NARROW_VQGAN)
    save_state(tmp_path / "vqgan.safetensors", Vqgan(shape).state_dict(), {"architecture": "vqgan"})

    def trained(stage, *more):
        narrow = [*NARROW_GLARE, *(f"model.vqgan.{key}={value}" for key, value in NARROW_VQGAN.items())]
        settings = [word for each in narrow for word in ("--set", each)]
        return run_lle(
            "train", "glare", "--stage", stage, "-o", tmp_path / str(stage), "--pairs", tmp_path / "pairs",
            "--vqgan", tmp_path / "vqgan.safetensors", "--crop", 64, "--batch-size", 1, "--max-steps", 1,
            "--device", "cpu", "--set", "run.workers=0", "--set", "data.held_out=[\"2\"]", *settings, *more,
        )  # fmt: skip

    flow = ("--set", f"model.flow.levels={levels}")
    assert trained(2, *flow).code == 0
    weights = tmp_path / "2" / "glare.safetensors"
    other = trained(3, "--start", weights, "--set", f"model.flow.levels={1 - levels}")
    assert other.code != 0
    assert ("without a flow: add --set model.flow.levels=0" in other.err) == (levels == 0)
    assert ("with a flow: remove model.flow.levels=0" in other.err) == (levels == 1)
    assert trained(3, "--start", weights, *flow).code == 0
    done = run_lle(
        "enhance", tmp_path / "pairs" / "low", "-o", tmp_path / "out", "-m", "glare", "--device", "cpu",
        "--checkpoint", tmp_path / "3" / "glare.safetensors",
    )  # fmt: skip
    assert done.code == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 2
