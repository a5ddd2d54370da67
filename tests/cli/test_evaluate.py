"""``lle eval``: pairs, problems, forms, limits, comparisons."""

import csv
import io
import json
import math
import re

import numpy as np
import pytest
from PIL import Image

METRICS = ("--metrics", "psnr,ssim,mae")


@pytest.fixture
def pairs(make_picture, tmp_path):
    """Four pairs; the references are the dark pictures, brightened by a fixed number."""
    for index in range(4):
        dark = make_picture(tmp_path / "low" / f"{index}.png", seed=index)
        bright = np.asarray(Image.open(dark)).astype(int) + 20 + index
        (tmp_path / "gt").mkdir(exist_ok=True)
        Image.fromarray(bright.clip(0, 255).astype(np.uint8)).save(tmp_path / "gt" / f"{index}.png")
    return tmp_path / "low", tmp_path / "gt"


@pytest.fixture
def spoilt(pairs, make_picture):
    """The pairs with one missing, one extra, one resized and one corrupt; the last is whole."""
    low, gt = pairs
    (low / "0.png").unlink()
    make_picture(low / "extra.png")
    Image.open(low / "1.png").resize((20, 20)).save(low / "1.png")
    (low / "2.png").write_bytes((low / "2.png").read_bytes()[:100])
    return low, gt


def psnr_by_hand(low, gt, name):
    first, second = (np.asarray(Image.open(side / name)).astype(float) for side in (low, gt))
    return 10 * math.log10(255**2 / ((first - second) ** 2).mean())


def test_the_mean_is_that_of_the_pictures(run_lle, pairs):
    low, gt = pairs
    run = run_lle("eval", "--pred", low, "--gt", gt, *METRICS, "--json")
    assert (run.code, run.err) == (0, "")
    document = json.loads(run.out)
    expected = [psnr_by_hand(low, gt, f"{index}.png") for index in range(4)]
    assert [image["scores"]["psnr"] for image in document["images"]] == pytest.approx(expected)
    assert document["summary"]["psnr"]["mean"] == pytest.approx(np.mean(expected))
    assert document["summary"]["psnr"]["std"] == pytest.approx(np.std(expected))
    assert document["summary"]["psnr"]["n"] == 4
    assert document["complete"] is True
    assert document["protocol"]["name"] == "lle"


def test_enhancing_first_gives_what_scoring_the_files_gives(run_lle, pairs, tmp_path):
    low, gt = pairs
    kept = tmp_path / "kept"
    made = run_lle("eval", "--low", low, "--gt", gt, "-m", "gamma", *METRICS, "--json", "--save-pred", kept)
    assert made.code == 0, made.err
    read = run_lle("eval", "--pred", kept, "--gt", gt, *METRICS, "--json")
    assert json.loads(made.out)["summary"] == json.loads(read.out)["summary"]
    assert json.loads(made.out)["runtime"]["by_size"].keys() == {"48x32"}


def test_models_tell_what_they_are(run_lle, pairs):
    low, gt = pairs
    run = run_lle("eval", "--low", low, "--gt", gt, "-m", "codeenhance", "--limit", 1, *METRICS, "--json")
    assert run.code == 0, run.err
    document = json.loads(run.out)
    assert document["model"]["parameters"] > 1e5
    assert len(document["model"]["checkpoint_sha256"]) == 64
    assert document["expected"] == 1
    assert any("limited to 1 image by --limit" in note for note in document["notes"])


def test_everything_wrong_is_named_and_nothing_is_averaged_as_if_whole(run_lle, spoilt):
    low, gt = spoilt
    run = run_lle("eval", "--pred", low, "--gt", gt, *METRICS, "--json")
    assert run.code == 3
    for line in (
        f"{gt}/0.png  missing",
        f"{low}/extra.png  extra",
        f"{low}/1.png  size: 20x20, but its reference is 48x32",
        f"{low}/2.png  truncated",
    ):
        assert f"failed  {line}" in run.err, line
    document = json.loads(run.out)
    assert (document["n"], document["expected"], document["complete"]) == (1, 4, False)
    assert [image["name"] for image in document["images"]] == ["3"]
    assert {problem["code"] for problem in document["problems"]} == {"missing", "extra", "size", "truncated"}
    assert document["summary"]["psnr"]["mean"] == pytest.approx(psnr_by_hand(low, gt, "3.png"))


@pytest.mark.parametrize("form", ["table", "plain", "md", "latex", "html"])
def test_an_incomplete_mean_is_marked_in_every_form(run_lle, spoilt, form):
    low, gt = spoilt
    run = run_lle("eval", "--pred", f"broken={low}", "--low", low, "--gt", gt, *METRICS, "-f", form)
    assert run.code == 3
    assert "INCOMPLETE: 1 of 4" in run.out


def test_nothing_that_can_be_scored_ends_with_code_4(run_lle, pairs):
    low, gt = pairs
    for path in low.iterdir():
        path.write_bytes(b"no picture")
    run = run_lle("eval", "--pred", low, "--gt", gt, *METRICS, "--json")
    assert run.code == 4
    assert json.loads(run.out)["summary"] == {}


def test_pairs_by_order_are_marked(run_lle, pairs):
    low, gt = pairs
    for path in sorted(low.iterdir()):
        path.rename(path.with_name(f"other_{path.name}"))
    assert run_lle("eval", "--pred", low, "--gt", gt, *METRICS).code == 4
    run = run_lle("eval", "--pred", low, "--gt", gt, *METRICS, "--pair-by", "order")
    assert run.code == 0
    assert "PAIRED BY ORDER" in run.out


def test_equal_pictures_are_infinitely_alike_and_json_stays_json(run_lle, pairs):
    _, gt = pairs
    run = run_lle("eval", "--pred", gt, "--gt", gt, *METRICS, "--json")
    document = json.loads(run.out, parse_constant=pytest.fail)
    assert document["summary"]["psnr"]["mean"] is None
    assert document["summary"]["psnr"]["infinite"] == 4
    assert document["summary"]["ssim"]["mean"] == pytest.approx(1)
    assert "inf" in run_lle("eval", "--pred", gt, "--gt", gt, *METRICS, "-f", "plain").out


def test_without_references_only_blind_metrics_remain(run_lle, pairs):
    low, _ = pairs
    run = run_lle("eval", "--low", low, "-m", "input", *METRICS)
    assert (run.code, run.out) == (2, "")
    assert "needs references" in run.err


def test_tables_compare_methods_and_mark_the_best(run_lle, pairs, tmp_path):
    low, gt = pairs
    words = ("eval", "--low", low, "--gt", gt, "-m", "input", "-m", "gamma", "-m", "identity", *METRICS)
    run = run_lle(*words, "-f", "md", "--report", tmp_path / "rows.tex", "--report", tmp_path / "means.csv")
    assert run.code == 0, run.err
    rows = [line.split("|")[1:-1] for line in run.out.splitlines() if line.startswith("|")]
    assert [row[0].strip() for row in rows] == ["method", "---", "input", "gamma", "identity"]
    assert run.out.count("**") >= 2
    latex = (tmp_path / "rows.tex").read_text()
    assert r"\textbf{" in latex
    assert latex.count(r" \\") == 4
    means = list(csv.DictReader(io.StringIO((tmp_path / "means.csv").read_text())))
    assert [row["method"] for row in means] == ["input", "gamma", "identity"]
    assert float(means[0]["psnr"]) == float(means[2]["psnr"])


def test_every_form_parses_and_stdout_holds_nothing_else(run_lle, pairs):
    low, gt = pairs
    words = ("eval", "--low", low, "--gt", gt, "-m", "input", *METRICS, "--per-image")
    events = [json.loads(line) for line in run_lle(*words, "-f", "jsonl").out.splitlines()]
    assert [event["event"] for event in events] == ["item"] * 4 + ["summary"]
    rows = list(csv.DictReader(io.StringIO(run_lle(*words, "-f", "csv").out)))
    assert [row["name"] for row in rows] == ["0", "1", "2", "3"]
    assert len(rows[0]["psnr"]) > 10
    table = run_lle(*words)
    assert "worst PSNR" in table.out
    assert "mean, n=4" in table.out
    page = run_lle(*words, "-f", "html").out
    assert page.startswith("<!doctype html>")
    assert not re.search(r"https?://|url\(|loading=|<link", page)
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', page))


def test_quiet_prints_results_only_and_writes_reports(run_lle, pairs, tmp_path):
    low, gt = pairs
    report = tmp_path / "out" / "scores.json"
    run = run_lle("eval", "--pred", low, "--gt", gt, *METRICS, "-q", "--json", "--report", report)
    assert (run.code, run.err) == (0, "")
    assert json.loads(run.out) == json.loads(report.read_text())
    assert json.loads(report.read_text())["n"] == 4


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        (("--fail-under", "psnr=5"), 0),
        (("--fail-under", "psnr=90"), 10),
        (("--fail-over", "mae=0.9"), 0),
        (("--fail-over", "mae=0.001"), 10),
        (("--fail-under", "mae=0.1"), 2),
        (("--fail-under", "lpips=1"), 2),
        (("--fail-under", "psnr"), 2),
        (("--fail-under", "nothing=1"), 2),
    ],
    ids=str,
)
def test_limits(run_lle, pairs, limit, code):
    low, gt = pairs
    run = run_lle("eval", "--pred", low, "--gt", gt, *METRICS, *limit)
    assert run.code == code, run.err
    assert (code == 10) == ("limit passed" in run.err)


def test_changes_against_an_earlier_report(run_lle, pairs, tmp_path):
    low, gt = pairs
    report = tmp_path / "old.json"
    assert run_lle("eval", "--low", low, "--gt", gt, "-m", "input", *METRICS, "--report", report).code == 0
    words = ("eval", "--low", low, "--gt", gt, "-m", "gamma", *METRICS, "--baseline", report)
    run = run_lle(*words, "--json")
    assert run.code == 0, run.err
    document = json.loads(run.out)
    old = json.loads(report.read_text())
    change = document["change"]["psnr"]
    difference = document["summary"]["psnr"]["mean"] - old["summary"]["psnr"]["mean"]
    assert change["mean"] == pytest.approx(difference)
    assert change["low"] <= change["mean"] <= change["high"]
    assert document["change"] == json.loads(run_lle(*words, "--json").out)["change"]
    assert "Δ PSNR" in run_lle(*words).out


@pytest.mark.parametrize("content", ["{}", "no json", '{"others": []}'])
def test_a_baseline_that_is_none_is_refused(run_lle, pairs, tmp_path, content):
    low, gt = pairs
    (tmp_path / "old.json").write_text(content)
    run = run_lle("eval", "--pred", low, "--gt", gt, *METRICS, "--baseline", tmp_path / "old.json")
    assert run.code == 2
    assert "is not a JSON report" in run.err


def test_another_protocol_does_not_compare(run_lle, pairs, tmp_path):
    low, gt = pairs
    report = tmp_path / "old.json"
    run_lle("eval", "--pred", low, "--gt", gt, *METRICS, "--report", report)
    run = run_lle("eval", "--pred", low, "--gt", gt, *METRICS, "--baseline", report, "--protocol", "y")
    assert run.code == 2
    assert "do not compare" in run.err


def test_a_data_set_with_published_numbers(run_lle, make_picture, tmp_path):
    for index in range(2):
        for side in ("low", "high"):
            make_picture(
                tmp_path / "LOL" / "eval15" / side / f"{index}.png", seed=index + 5 * (side == "low")
            )
    words = ("eval", "--dataset", "lol", "--data-root", tmp_path, "-m", "input", *METRICS, "--published")
    run = run_lle(*words)
    assert run.code == 0, run.err
    assert "CodeEnhance (published)" in run.out
    assert "22.90" in run.out
    assert "Table I, not measured here" in run.out
    assert "2 images found, 15 expected" in run.out
    assert json.loads(run_lle(*words, "--json").out)["published"][0]["values"]["psnr"] == 22.9


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--pred", "nowhere", "--gt", "."), "'nowhere' is not a folder"),
        (("--gt", "."), "--low"),
        (("--dataset", "LOL", "--low", "."), "excludes"),
        (("--low", ".", "-m", "codenhance"), "did you mean 'codeenhance'"),
        (("--low", ".", "-m", "gamma:lite"), "no presets"),
        (("--low", ".", "-m", "input", "--preset", "lite"), "need one model"),
        (("--low", ".", "-m", "input", "-m", "input"), "two of the methods"),
        (("--low", ".", "--metrics", "pnsr"), "did you mean 'psnr'"),
        (("--low", ".", "--metrics", ","), "names no metric"),
        (("--low", ".", "--protocol", "glear"), "did you mean 'glare'"),
        (("--low", ".", "--report", "x.doc"), "must end in"),
        (("--low", ".", "--split", "test"), "needs --dataset"),
        (("--low", ".", "--baseline", "nowhere.json"), "does not exist"),
    ],
    ids=str,
)
def test_mistakes_are_one_line_and_code_2(run_lle, words, text):
    run = run_lle("eval", *words)
    assert (run.code, run.out) == (2, "")
    assert text in run.err
    assert len(run.err.splitlines()) <= 2


def test_a_data_set_that_is_not_here(run_lle, tmp_path):
    run = run_lle("eval", "--dataset", "VV", "--data-root", tmp_path, "-m", "input")
    assert (run.code, run.out) == (6, "")
    assert "VV/  24 images" in run.err


@pytest.mark.parametrize(("save", "others"), [("low", ()), ("gt/new", ()), (".", ("--pred", "input=low"))])
def test_results_are_never_saved_among_the_pictures_that_are_read(run_lle, pairs, monkeypatch, save, others):
    low, _ = pairs
    monkeypatch.chdir(low.parent)
    (low.parent / "gamma").symlink_to(low)
    before = {path: path.read_bytes() for path in sorted(low.iterdir())}

    result = run_lle(*("eval", "--low", "low", "--gt", "gt", "-m", "gamma", *others, "--save-pred", save))

    assert result.code == 2
    assert "results would lie among the images" in result.err
    assert {path: path.read_bytes() for path in sorted(low.iterdir())} == before
