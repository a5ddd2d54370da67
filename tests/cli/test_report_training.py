"""``lle report`` of a training run: figures, formats, and a page that needs nothing else."""

import csv
import json
import re
from html.parser import HTMLParser

import pytest


@pytest.fixture
def trained(run_lle, tmp_path, make_picture):
    """The run folder of three steps of stage I with two validations."""
    for number in range(6):
        make_picture(tmp_path / "photos" / f"{number}.png", (64, 64), seed=number)
    run = run_lle(
        "train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64, "-q",
        "--batch-size", 1, "--max-steps", 3, "--val-every", 2, "--device", "cpu", "--workers", 0,
        "--set", "critic_width=4",
    )  # fmt: skip
    assert run.code == 0
    return tmp_path / "run"


def scores(folder):
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {row["step"] + 1: row["psnr"] for row in rows if "psnr" in row}


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_main_figures_are_a_table(run_lle, trained, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    run = run_lle("report", trained)
    assert (run.code, run.err) == (0, "")
    step, best = max(scores(trained).items(), key=lambda pair: pair[1])
    for text in ("3 of 3", f"psnr {best:.2f} dB at step {step}", "vqgan"):
        assert text in run.out
    assert max(map(len, run.out.splitlines())) <= columns


def test_csv_json_and_markdown_agree(run_lle, trained, tmp_path):
    document = json.loads(run_lle("report", trained, "-f", "json").out)
    assert (document["v"], document["network"], document["steps_done"]) == (1, "vqgan", 3)
    assert document["best"]["value"] == max(scores(trained).values())
    rows = list(csv.DictReader(run_lle("report", trained, "-f", "csv").out.splitlines()))
    assert {int(row["step"]) + 1: float(row["psnr"]) for row in rows if row["psnr"]} == scores(trained)
    files = [tmp_path / f"r.{end}" for end in ("md", "csv", "json")]
    written = run_lle("report", trained, *(word for file in files for word in ("--report", file)))
    assert written.out.splitlines() == [str(file) for file in files]
    for file in files:
        assert file.read_text() == run_lle("report", trained, "-f", file.suffix[1:]).out
    lines = files[0].read_text().splitlines()
    assert lines[:2] == ["| Figure | Value |", "| --- | --- |"]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)


class Tags(HTMLParser):
    """Collects tags, and everything that a tag points to."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.targets = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.targets += [value for name, value in attrs if name in ("src", "href", "srcset", "data")]


def test_the_page_holds_all_and_fetches_nothing(run_lle, trained, tmp_path):
    page = tmp_path / "run.html"
    assert run_lle("report", trained, "--report", page).out == f"{page}\n"
    text = page.read_text()
    found = Tags(text)
    assert found.targets
    assert all(target.startswith("data:image/jpeg;base64,") for target in found.targets)
    assert not re.search(r"https?://|@import|url\(", text)
    assert found.tags.count("svg") >= 4
    assert text.count('class="line"') == found.tags.count("figure") - found.tags.count("img")
    assert "prefers-color-scheme: light" in text
    step, best = max(scores(trained).items(), key=lambda pair: pair[1])
    for words in (f"{best:.2f} dB", f"at step {step}", "critic_width = 4", "torch", "best score", "PSNR"):
        assert words in text


def test_an_unfinished_run_without_validations_can_be_reported(run_lle, trained, tmp_path):
    lines = (trained / "metrics.jsonl").read_text().splitlines()
    kept = [line for line in lines if "psnr" not in line][:1]
    (trained / "metrics.jsonl").write_text("\n".join([*kept, '{"step": 1, "los']))
    for name in ("env.json", "vqgan.safetensors"):
        (trained / name).unlink()
    run = run_lle("report", trained, "--report", tmp_path / "run.html")
    assert run.code == 0
    assert "There were no validations" in (tmp_path / "run.html").read_text()
    table = run_lle("report", trained).out
    assert "of 3" in table
    assert "best score" not in table


def test_what_a_training_does_not_have_is_refused(run_lle, trained, tmp_path):
    for words in (("--compare", tmp_path / "c"), ("--contact-sheet", tmp_path / "c.jpg")):
        run = run_lle("report", trained, *words)
        assert (run.code, run.out) == (2, "")
        assert "do not apply to a training run" in run.err
    (trained / "config.resolved.toml").write_text("not = [toml")
    broken = run_lle("report", trained)
    assert broken.code == 2
    assert "config.resolved.toml" in broken.err
