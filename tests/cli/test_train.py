"""``lle train``: settings are checked before anything is read, runs leave their folder."""

import tomllib

import pytest


def test_settings_can_be_printed(run_lle, tmp_path):
    run = run_lle(
        "train", "vqgan", "-o", tmp_path / "run", "--lr", "0.01", "--set", "run.seed=9", "--print-config"
    )
    assert run.code == 0
    printed = tomllib.loads(run.out)
    assert printed["optimizer"]["learning_rate"] == 0.01
    assert printed["run"]["seed"] == 9
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", ["vqgan", "codeenhance", "drgn-refinement", "glare --stage 3", "vqcnir"])
def test_settings_can_be_printed_without_a_run_folder_and_data(run_lle, command):
    run = run_lle("train", *command.split(), "--print-config")
    assert (run.code, run.err) == (0, "")
    assert tomllib.loads(run.out)["run"]["resume"] == "auto"


def test_a_run_needs_a_folder_and_a_rehearsal_and_a_dry_run_do_not(run_lle, tmp_path, make_picture):
    words = ("train", "vqgan", "--data", tmp_path, "--crop", 64, "--set", "critic_width=4")
    make_picture(tmp_path / "a.png", (64, 64))
    refused = run_lle(*words)
    assert (refused.code, refused.err) == (2, "lle: error: no run folder given; add --out DIR\n")
    assert run_lle(*words, "--batch-size", 1, "--dry-run").code == 0
    ablation = run_lle("train", "ablate", "codeenhance", "--pairs", tmp_path)
    assert (ablation.code, ablation.err) == (2, "lle: error: no run folder given; add --out DIR\n")


def test_a_run_without_photos_is_refused(run_lle, tmp_path):
    run = run_lle("train", "vqgan", "-o", tmp_path / "run")
    assert (run.code, run.out) == (2, "")
    assert "--data" in run.err
    assert "--pairs" not in run.err
    assert not list(tmp_path.iterdir())


def test_an_unknown_setting_is_named(run_lle, tmp_path):
    run = run_lle("train", "codeenhance", "-o", tmp_path / "run", "--set", "run.color=3")
    assert run.code == 2
    assert "run.color" in run.err


def test_missing_weights_have_their_own_exit_code(run_lle, tmp_path, make_picture):
    make_picture(tmp_path / "photos" / "a.png", (64, 64))
    run = run_lle(
        "train", "codeenhance", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64,
        "--vqgan", tmp_path / "nothing.safetensors",
    )  # fmt: skip
    assert run.code == 6
    assert "nothing.safetensors" in run.err
    assert not (tmp_path / "run").exists()


def test_a_short_run_says_where_its_weights_are(run_lle, tmp_path, make_picture):
    for number in range(3):
        make_picture(tmp_path / "photos" / f"{number}.png", (64, 64), seed=number)
    run = run_lle(
        "train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64,
        "--batch-size", 1, "--max-steps", 2, "--device", "cpu",
    )  # fmt: skip
    assert (run.code, run.out) == (0, "")
    assert str(tmp_path / "run" / "vqgan.safetensors") in run.err
    assert (tmp_path / "run" / "vqgan.safetensors").is_file()


def test_quiet_is_quiet(run_lle, tmp_path, make_picture):
    make_picture(tmp_path / "photos" / "0.png", (64, 64))
    run = run_lle(
        "train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64,
        "--batch-size", 1, "--max-steps", 1, "-q",
    )  # fmt: skip
    assert run == (0, "", "")


def test_a_photo_that_cannot_be_read_is_named(run_lle, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "text.jpg").write_text("no picture")
    run = run_lle("train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos")
    assert run.code == 6
    assert "text.jpg" in run.err
    assert not (tmp_path / "run").exists()


def test_an_unknown_setting_brings_the_nearest_to_mind(run_lle, tmp_path):
    run = run_lle("train", "vqgan", "-o", tmp_path / "run", "--set", "run.step=3", "--print-config")
    assert run.code == 2
    assert "run.steps" in run.err
    assert not list(tmp_path.iterdir())


def test_presets_come_before_everything_else(run_lle, tmp_path):
    words = ("train", "codeenhance", "-o", tmp_path / "run", "--print-config")
    lite = tomllib.loads(run_lle(*words).out)
    paper = tomllib.loads(run_lle(*words, "--preset", "paper", "--crop", 96).out)
    assert lite == tomllib.loads(run_lle(*words, "--preset", "lite").out)
    assert (paper["run"]["steps"], paper["run"]["crop"], paper["model"]["embedding"]) == (60_000, 96, "swin")
    refused = run_lle("train", "semantic", "-o", tmp_path / "run", "--preset", "paper")
    assert refused.code == 2
    assert "no published schedule" in refused.err


def test_printed_settings_can_be_given_again(run_lle, tmp_path):
    printed = run_lle("train", "vqgan", "-o", tmp_path / "run", "--lr", "0.5", "--keep", 0, "--print-config")
    (tmp_path / "run.toml").write_text(printed.out)
    words = ("train", "vqgan", "-o", tmp_path / "run", "--config", tmp_path / "run.toml", "--print-config")
    assert run_lle(*words).out == printed.out


def test_a_network_that_nothing_ships_for_needs_weights(run_lle, tmp_path):
    run = run_lle("train", "codeenhance", "-o", tmp_path / "run", "--data", tmp_path, "--preset", "paper")
    assert run.code == 2
    assert "--vqgan FILE and --semantic FILE" in run.err


def test_a_dry_run_takes_one_step_and_keeps_nothing(run_lle, tmp_path, make_picture):
    for part in ("low", "high"):
        make_picture(tmp_path / "pairs" / part / "1.png", (64, 64))
    run = run_lle(
        "train", "codeenhance", "-o", tmp_path / "run", "--pairs", tmp_path / "pairs", "--crop", 64,
        "--batch-size", 2, "--accumulate", 2, "--overfit", 1, "--dry-run", "--device", "cpu",
    )  # fmt: skip
    assert (run.code, run.out) == (0, "")
    assert "step 1/" in run.err
    assert "validation  psnr" in run.err
    assert "time limit" not in run.err
    assert "nothing was kept" in run.err
    assert not (tmp_path / "run").exists()


def test_every_pair_that_cannot_be_used_is_named(run_lle, tmp_path, make_picture):
    for name, sides in (("tiny", (20, 20)), ("small", (70, 40)), ("fine", (70, 70))):
        for part in ("low", "high"):
            make_picture(tmp_path / "pairs" / part / f"{name}.png", sides)
    run = run_lle("train", "codeenhance", "-o", tmp_path / "run", "--pairs", tmp_path / "pairs", "--crop", 64)
    assert run.code == 6
    assert "tiny.png is smaller than a crop of 64x64" in run.err
    assert "small.png is smaller than a crop of 64x64" in run.err
    assert "fine.png" not in run.err
    assert not (tmp_path / "run").exists()


def test_the_published_stage_one_needs_lpips(run_lle, tmp_path, make_picture):
    make_picture(tmp_path / "photos" / "0.png", (64, 64))
    words = (
        "train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--preset", "paper",
        "--crop", 64, "--batch-size", 1, "--max-steps", 1, "--device", "cpu",
    )  # fmt: skip
    printed = tomllib.loads(run_lle(*words, "--print-config").out)
    assert printed["perceptual_weight"] == 1
    assert printed["run"]["precision"] == "fp32"
    refused = run_lle(*words)
    assert refused.code == 2
    assert "lpips_backbone" in refused.err
    assert "perceptual_weight=0" in refused.err
    assert not (tmp_path / "run").exists()


def narrow_stage_one(tmp_path, make_picture):
    """Words for a run of stage I that takes a moment."""
    for number in range(3):
        make_picture(tmp_path / "photos" / f"{number}.png", (64, 64), seed=number)
    return (
        "train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64,
        "--batch-size", 8, "--device", "cpu", "--workers", 0, "--set", "critic_width=4",
    )  # fmt: skip


def test_a_rehearsal_says_that_all_is_well_and_keeps_nothing(run_lle, tmp_path, make_picture):
    words = narrow_stage_one(tmp_path, make_picture)
    run = run_lle(*words, "--max-steps", 6, "--rehearse")
    assert (run.code, run.out) == (0, "")
    assert "rehearsing vqgan on the CPU in bf16, 4 crops of 64 pixels a step" in run.err
    assert "steps: 6 of" in run.err
    assert "gradient norm: at most" in run.err
    assert "rehearsal passed" in run.err
    assert not (tmp_path / "run").exists()


def test_a_rehearsal_that_fails_says_why(run_lle, tmp_path, make_picture):
    words = narrow_stage_one(tmp_path, make_picture)
    run = run_lle(*words, "--max-steps", 6, "--rehearse", "--set", "edge_weight=inf", "-q")
    assert (run.code, run.out) == (9, "")
    assert "rehearsal failed: 6 of 6 steps skipped; no loss was finite" in run.err
    assert not (tmp_path / "run").exists()


def test_a_run_by_the_clock_that_is_over_takes_no_more_steps(run_lle, tmp_path, make_picture):
    words = (*narrow_stage_one(tmp_path, make_picture), "--batch-size", 1, "--max-steps", 9)
    clock = (*words, "--set", "run.schedule=clock")
    assert "limit-minutes" in run_lle(*clock).err
    for _ in range(2):
        run = run_lle(*clock, "--limit-minutes", "1e-6")
        assert run.code == 0
        assert (tmp_path / "run" / "ckpt" / "step-000001.pt").exists()
        assert not (tmp_path / "run" / "ckpt" / "step-000002.pt").exists()
    assert "(step 1)" in run.err


def test_a_missing_checkpoint_or_folder_leaves_no_run_folder(run_lle, tmp_path, make_picture):
    make_picture(tmp_path / "photos" / "0.png", (64, 64))
    words = ("train", "codeenhance", "-o", tmp_path / "runs" / "run", "--crop", 64)
    missing = run_lle(*words, "--pairs", tmp_path / "nothing")
    assert missing.code == 2
    assert "nothing" in missing.err
    resumed = run_lle(*words, "--data", tmp_path / "photos", "--resume", tmp_path / "nothing.pt")
    assert resumed.code == 6
    assert "nothing.pt" in resumed.err
    assert not (tmp_path / "runs").exists()


def test_a_run_of_version_0_1_resumes_with_the_split_that_it_recorded(run_lle, tmp_path, make_picture):
    for name in ("115", "116", "004"):
        make_picture(tmp_path / "photos" / f"{name}.png", (64, 64))
    words = (
        "train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64,
        "--batch-size", 1, "--device", "cpu", "--workers", 0, "--set", "critic_width=4",
    )  # fmt: skip
    first = run_lle(*words, "--max-steps", 1)
    assert "3 photos" in first.err
    settings = tmp_path / "run" / "config.resolved.toml"
    text = settings.read_text()
    assert "held_out" not in text
    settings.write_text(text.replace("[data]\n", '[data]\nheld_out = ["115", "197"]\ncast = ["004"]\n'))
    second = run_lle(*words, "--max-steps", 2)
    assert (second.code, "(step 1)" in second.err) == (0, True)
    assert "2 photos" in second.err
    assert tomllib.loads(settings.read_text())["data"]["held_out"] == ["115", "197"]
    over = run_lle(*words, "--max-steps", 1, "--resume", "none")
    assert "3 photos" in over.err


def test_a_command_is_made_from_the_entry_of_its_recipe(run_lle):
    from typer import Typer
    from typer.testing import CliRunner

    from lowlight_cli.cli.train import command_of
    from lowlight_cli.training.catalog import RECIPES, RecipeEntry

    app = Typer()
    app.command("mine")(command_of(RecipeEntry("mine", "MyRecipe", "Train mine.", ("labels", "start"))))
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "Train mine." in shown
    for option in ("--out", "--data", "--labels", "--start"):
        assert option in shown
    assert "--vqgan" not in shown
    listed = run_lle("train", "--help").out
    mounted = [name for name, entry in RECIPES.items() if entry.help]
    assert len(mounted) > 4
    assert all(name in listed for name in mounted)
