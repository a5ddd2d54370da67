"""``lle eval`` as a new user calls it: no metric files, few options, short tables."""

import json

import pytest

from lowlight_cli.cli.app import app
from lowlight_cli.cli.config_schema import commands_below
from lowlight_cli.cli.typer_app import finished

METRICS = ("--metrics", "psnr,ssim")


@pytest.fixture
def pairs(make_picture, tmp_path, monkeypatch):
    """Two pairs large enough for NIQE, in the current folder; nothing was ever downloaded."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for index in range(2):
        make_picture(tmp_path / "low" / f"{index}.png", (128, 112), seed=index)
        make_picture(tmp_path / "gt" / f"{index}.png", (128, 112), seed=9 + index)
    monkeypatch.chdir(tmp_path)
    return "--low", "low", "--gt", "gt"


def test_without_any_file_psnr_ssim_and_niqe_come_and_one_line_says_what_lpips_needs(run_lle, pairs):
    run = run_lle("eval", *pairs, "-m", "input", "--json")
    assert run.code == 0
    assert json.loads(run.out)["summary"].keys() == {"psnr", "ssim", "niqe"}
    assert run.err == (
        "lle: warning: LPIPS needs AlexNet (233 MB): lle eval --download, "
        "or put alexnet-owt-7be5be79.pth into ~/data/lle/metrics\n"
    )


def test_dark_images_alone_are_scored_before_and_after(run_lle, pairs, tmp_path):
    run = run_lle("eval", "--low", "low", "--device", "cpu", "--save-pred", "new", "--json")
    assert (run.code, run.err) == (0, "")
    document = json.loads(run.out)
    assert document["summary"].keys() == {"niqe"}
    assert [document["method"], *(other["method"] for other in document["others"])] == [
        "codeenhance",
        "input",
    ]
    assert document["others"][0]["runtime"] is None
    assert sorted(path.name for path in (tmp_path / "new").glob("[!.]*")) == ["0.png", "1.png"]


def test_no_metric_left_says_which_file_is_needed(run_lle, pairs):
    run = run_lle("eval", *pairs, "-m", "input", "--metrics", "lpips", "-q")
    assert (run.code, run.out) == (6, "")
    assert run.err.startswith("lle: error: no metric left to compute: LPIPS needs AlexNet (233 MB)")


def test_metrics_that_are_given_again_add_up(run_lle, pairs, monkeypatch):
    words = ("eval", *pairs, "-m", "input", "--json")
    run = run_lle(*words, "--metrics", "psnr", "--metrics", "ssim,mae", "--metrics", "psnr")
    assert list(json.loads(run.out)["summary"]) == ["psnr", "ssim", "mae"]
    monkeypatch.setenv("LLE_EVAL_METRICS", "mae,psnr")
    assert list(json.loads(run_lle(*words).out)["summary"]) == ["mae", "psnr"]


@pytest.mark.parametrize("order", [1, -1])
def test_limits_that_are_given_again_add_up(run_lle, pairs, order):
    limits = [("--fail-under", "ssim=0.99"), ("--fail-under", "psnr=0")][::order]
    run = run_lle("eval", *pairs, "-m", "input", *METRICS, *(word for limit in limits for word in limit))
    assert run.code == 10
    assert "ssim of input" in run.err


def test_every_option_that_takes_a_list_with_commas_adds_up():
    options = [
        option for _, command in commands_below(finished(app)) for option in command.params if option.opts
    ]
    lists = {option.name: option.multiple for option in options if ",..." in (option.metavar or "")}
    assert "metrics" in lists
    assert all(lists.values())


@pytest.mark.parametrize("value", ['"mae,psnr"', '["mae", "psnr"]'])
def test_a_configuration_names_metrics_as_text_or_as_a_list(run_lle, pairs, tmp_path, value):
    (tmp_path / "lle.toml").write_text(f"[eval]\nmetrics = {value}\n")
    run = run_lle("eval", *pairs, "-m", "input", "--json")
    assert list(json.loads(run.out)["summary"]) == ["mae", "psnr"]


def test_one_line_of_protocol_precedes_a_table(run_lle, pairs):
    words = ("eval", *pairs, "-m", "input", "-m", "gamma", *METRICS)
    lines = run_lle(*words).out.splitlines()
    assert lines[0] == "protocol: lle (RGB, 8 bit, no crop, no GT-mean)"
    assert lines[1][0] in "┏+"
    row = next(line for line in lines if "│ input" in line)
    assert [cell.strip() for cell in row.split("│")[-3:-1]] == ["-", "-"]
    assert "LPIPS" not in run_lle(*words).out


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (("--protocol", "pyiqa"), "pyiqa (PSNR: RGB, not rounded; SSIM: luma, 8 bit; no crop, no GT-mean)"),
        (("--protocol", "y"), "y (studio luma, 8 bit, no crop, no GT-mean)"),
        (("--gt-mean",), "lle (RGB, 8 bit, no crop, GT-mean in columns with *)"),
        (("--pair-by", "order"), "lle (RGB, 8 bit, no crop, no GT-mean); PAIRED BY ORDER, not by name"),
    ],
    ids=str,
)
def test_the_line_states_what_the_metrics_compare(run_lle, pairs, more, line):
    out = run_lle("eval", *pairs, "-m", "input", *METRICS, *more).out
    assert out.splitlines()[0] == f"protocol: {line}"


def test_everything_is_said_with_v_and_in_reports(run_lle, pairs, tmp_path):
    words = ("eval", *pairs, "-m", "input", *METRICS, "--limit", 1)
    assert "note: limited to 1 image" in run_lle(*words).out
    loud = run_lle(*words, "-v", "--report", "report.md").out
    for text in (loud, (tmp_path / "report.md").read_text()):
        for fact in (
            "dataset: ",
            "No border is cut off",
            "input: The dark image",
            "device: cpu",
            "limited to",
        ):
            assert text.count(fact) == 1


@pytest.mark.parametrize("other", ["low", "./gt/../low"])
def test_references_that_are_the_dark_images_are_warned_about(run_lle, pairs, other):
    run = run_lle("eval", "--low", "low", "--gt", other, "-m", "input", *METRICS)
    assert run.code == 0
    assert f"low and gt are the same folder, '{other.removeprefix('./')}'" in run.err
    run = run_lle("eval", "--pred", "mine=gt", "--gt", "gt", *METRICS)
    assert "pred and gt are the same folder, 'gt': mine is compared with itself" in run.err
    assert "same folder" not in run_lle("eval", *pairs, "-m", "input", *METRICS).err


def test_labels_name_rows_and_folders(run_lle, pairs, tmp_path):
    words = (
        "eval",
        *pairs,
        "-m",
        "dark: input",
        "-m",
        "bright: gamma",
        *METRICS,
        "--save-pred",
        "new",
        "--json",
    )
    document = json.loads(run_lle(*words).out)
    assert [document["method"], document["others"][0]["method"]] == ["dark", "bright"]
    assert sorted(path.name for path in (tmp_path / "new").glob("[!.]*")) == ["bright", "dark"]


@pytest.mark.parametrize(("form", "tables"), [("latex", 3), ("latex-rows", 0)])
def test_latex_on_stdout_and_in_a_report(run_lle, pairs, tmp_path, form, tables):
    words = (
        "eval",
        *pairs,
        "-m",
        "input",
        "-m",
        "identity",
        *METRICS,
        "--per-image",
        "--report",
        "scores.tex",
    )
    run = run_lle(*words, "-f", form)
    assert run.code == 0
    assert run.out.count(r"\begin{tabular}") == run.out.count(r"\end{tabular}") == tables
    assert run.out.count("\n0 & ") == 2
    assert (tmp_path / "scores.tex").read_text().count(r"\bottomrule") == 3
