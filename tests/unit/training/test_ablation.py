"""Each row of an ablation really leaves out its part, and is not mixed with a row of other settings."""

import json

import pytest
import torch

from lowlight_cli.errors import UsageError
from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.control_targets import control_weights
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.semantic.config import SemanticConfig
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.training.ablation import ABLATIONS, Row, as_document, markdown, reading, table_lines
from lowlight_cli.training.ablation_run import check_same, counted, found_row, varied
from lowlight_cli.training.ablation_seeds import averaged, seed_runs
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.recipes.codeenhance import CodeEnhanceRecipe
from lowlight_cli.training.recipes.vqcnir import VqcnirRecipe
from lowlight_cli.training.settings import SETTINGS_FILE, as_toml
from tests.contracts.narrow_recipes import NARROW_VQCNIR

VARIANTS = ABLATIONS["codeenhance"]
TINY = CodeEnhanceConfig(
    vqgan=VqganConfig(
        stem_channels=8, encoder_channels=(8, 16), encoder_blocks=(1, 1), code_count=16, code_channels=8,
        decoder_channels=(8, 8), decoder_blocks=(1, 1), groups=0,
    ),
    semantic=SemanticConfig(),
    embedding="attn",
    lift_target=0.4,
    reference_encoder=True,
)  # fmt: skip
RECIPE = CodeEnhanceRecipe(model=TINY)
VQCNIR = VqcnirRecipe(model=NARROW_VQCNIR)
SHAPE_ROWS = [name for name, row in VARIANTS.items() if any(key.startswith("model.") for key in row.settings)]


def built(config: CodeEnhanceConfig) -> CodeEnhance:
    """A network whose parts all matter, the same in whatever they have in common."""
    model = CodeEnhance(config).eval()
    for name, parameter in model.named_parameters():
        generator = torch.Generator().manual_seed(sum(map(ord, name)))
        parameter.data.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    return model


@pytest.mark.parametrize("name", SHAPE_ROWS)
def test_a_switch_changes_what_comes_out(name):
    dark = 0.1 * torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    reference = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    weights = control_weights(Controls(), dark)
    whole, without = (
        built(varied(RECIPE, VARIANTS[row]).model)(dark, weights, reference=reference).images
        for row in ("full", name)
    )
    assert (whole - without).abs().max() > 1e-4


@pytest.mark.parametrize("name", [name for name in SHAPE_ROWS if name != "no-codebook"])
def test_what_is_left_out_has_no_parameters(name):
    whole, _ = counted(TINY)
    total, _ = counted(varied(RECIPE, VARIANTS[name]).model)
    assert total < whole


def test_an_unused_codebook_is_not_trained():
    total, trained = counted(varied(RECIPE, VARIANTS["no-codebook"]).model)
    whole, trained_whole = counted(TINY)
    assert whole - total == trained_whole - trained == TINY.vqgan.code_count * TINY.vqgan.code_channels


def test_a_latent_without_codebook_is_decoded_as_it_is():
    model = built(varied(RECIPE, VARIANTS["no-codebook"]).model)
    dark = torch.rand(1, 3, 32, 32)
    weights = control_weights(Controls(), dark)
    before = model(dark, weights).images
    model.codebook.weight.data.mul_(100)
    assert torch.equal(model(dark, weights).images, before)


def test_parts_that_are_left_out_have_no_controls():
    controls = {
        name: CodeEnhance(varied(RECIPE, VARIANTS[name]).model).supported_controls
        for name in ("full", "no-texture", "no-look", "baseline")
    }
    assert controls == {
        "full": {"contrast", "brightness", "texture"},
        "no-texture": {"contrast", "brightness"},
        "no-look": {"texture"},
        "baseline": set(),
    }
    assert not CodeEnhance(varied(RECIPE, VARIANTS["no-look"]).model).takes_reference


def test_counts_are_those_of_the_network():
    model = CodeEnhance(TINY)
    for part in model.frozen_parts():
        part.requires_grad_(False)
    model.codebook.weight.requires_grad_(False)
    parameters = list(model.parameters())
    assert counted(TINY) == (
        sum(p.numel() for p in parameters),
        sum(p.numel() for p in parameters if p.requires_grad),
    )


@pytest.mark.parametrize(("recipe", "count"), [(RECIPE, 12), (VQCNIR, 8)])
def test_rows_differ_from_the_whole_in_what_they_say_alone(recipe, count):
    whole = recipe.model_dump()
    variants = ABLATIONS[recipe.architecture]
    for name, row in variants.items():
        tree = varied(recipe, row).model_dump()
        different = {key for key, value in flat(tree).items() if flat(whole)[key] != value}
        assert different == set(row.settings), name
    assert len(variants) == count


def test_without_dbca_vqcnir_has_fewer_parameters_and_all_others_are_trained():
    shapes = [varied(VQCNIR, ABLATIONS["vqcnir"][name]).model for name in ("full", "no-dbca", "reach-64")]
    whole, without, far = (counted(shape) for shape in shapes)
    assert whole == far
    assert whole[0] - without[0] == whole[1] - without[1] > 0


def test_a_row_of_vqcnir_has_a_score_for_blurred_pairs_and_none_of_codes(tmp_path):
    recipe = VQCNIR.model_copy(update={"run": RunSettings(steps=3)})
    score = {"step": 2, "psnr": 20.5, "ssim": 0.5, "psnr_blurred": 19.25}
    write_run(tmp_path / "no-dbca", recipe, [score])
    (tmp_path / "no-dbca" / "vqcnir.safetensors").touch()
    row = found_row(recipe, ABLATIONS["vqcnir"]["no-dbca"], tmp_path / "no-dbca")
    assert (row.psnr, row.psnr_blurred, row.index_accuracy) == (20.5, 19.25, None)
    head, cells = table_lines([row])
    assert (head[-1], cells[-1]) == ("PSNR blurred, dB", "19.25")
    assert "right codes" not in head


def flat(tree: dict, above: str = "") -> dict:
    """A tree as dotted names."""
    found = {}
    for key, value in tree.items():
        found |= flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return found


def write_run(folder, recipe, rows):
    folder.mkdir()
    (folder / SETTINGS_FILE).write_text(as_toml(recipe))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_row_is_found_once_it_is_finished(tmp_path):
    recipe = RECIPE.model_copy(update={"run": RunSettings(steps=3)})
    score = {"step": 2, "psnr": 20.5, "ssim": 0.5, "index_accuracy": 0.25}
    write_run(tmp_path / "full", recipe, [{"step": 1, "loss": 1.0}])
    assert found_row(recipe, VARIANTS["full"], tmp_path / "full") is None
    (tmp_path / "full" / "metrics.jsonl").write_text(json.dumps(score) + "\n")
    assert found_row(recipe, VARIANTS["full"], tmp_path / "full") is None
    (tmp_path / "full" / "codeenhance.safetensors").touch()
    row = found_row(recipe, VARIANTS["full"], tmp_path / "full")
    assert (row.psnr, row.ssim, row.index_accuracy, row.steps) == (20.5, 0.5, 0.25, 3)


def test_a_row_with_other_settings_is_refused(tmp_path):
    write_run(tmp_path / "full", RECIPE, [])
    again = RECIPE.model_copy(update={"run": RECIPE.run.model_copy(update={"limit_minutes": 5.0})})
    check_same(again, tmp_path / "full")
    other = RECIPE.model_copy(update={"run": RECIPE.run.model_copy(update={"crop": 64})})
    with pytest.raises(UsageError, match=r"run\.crop"):
        check_same(other, tmp_path / "full")


def test_the_table_says_how_much_is_noise():
    rows = [
        Row("full", "nothing is left out", 100, 50, 9, 20.0, 0.5, 0.1),
        Row("full-seed-1", "the same", 100, 50, 9, 20.3, 0.5, 0.1),
        Row("no-shift", "no CS", 90, 40, 9, 19.25, 0.4, 0.05),
    ]
    assert [cells[5] for cells in table_lines(rows)] == ["difference", "", "+0.30", "-0.75"]
    assert "differ by 0.30 dB" in reading(rows)
    assert "nobody can distinguish differences from noise" in reading(rows[:1])
    page = markdown(rows, RECIPE, name="codeenhance")
    assert page.count("\n| ") == 5
    assert as_document(rows, RECIPE, name="codeenhance")["rows"][2]["psnr"] == 19.25


def test_means_over_seeds_pair_the_differences():
    def row(name, psnr):
        return Row(name, "", 100, 50, 9, psnr, psnr / 40)

    found = {
        "full": {0: row("full", 20.0), 1: row("full", 24.0)},
        "no-shift": {0: row("no-shift", 19.0), 1: row("no-shift", 22.0), 2: row("no-shift", 40.0)},
        "full-seed-1": {7: row("full-seed-1", 21.0)},
    }
    whole, without, again = averaged(found)
    assert (whole.psnr, whole.ssim, whole.seeds, whole.difference) == (22.0, 0.55, (0, 1), None)
    assert whole.psnr_deviation == pytest.approx(8**0.5)
    assert (without.psnr, without.difference) == (27.0, -1.5), "the third seed has no partner"
    assert without.difference_deviation == pytest.approx(0.5**0.5)
    assert again.difference is None
    cells = [line[4:6] for line in table_lines([whole, without, again])[1:]]
    assert cells == [["22.00 ± 2.83", ""], ["27.00 ± 11.36", "-1.50 ± 0.71"], ["21.00", "-1.00"]]
    assert "means over 3 seeds" in markdown([whole, without], RECIPE, name="codeenhance")
    assert "±" in reading([whole, without])


def test_seeds_come_one_after_the_other_so_that_a_table_is_complete_early():
    variants = [VARIANTS[name] for name in ("full", "full-seed-1", "no-shift")]
    runs = list(seed_runs(variants, 5, 2))
    assert [(run.folder, run.seed) for run in runs] == [
        ("full", 5), ("no-shift", 5), ("full-seed-1", 6), ("no-shift-seed-1", 6)
    ]  # fmt: skip
    assert [(run.folder, run.seed) for run in seed_runs(variants, 0, 1)] == [
        ("full", 0), ("full-seed-1", 1), ("no-shift", 0)
    ]  # fmt: skip
