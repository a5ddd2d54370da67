"""``lle report``: numbers, tables and mistakes."""

import csv
import json
import os
import re
import subprocess
import sys
from io import StringIO

import numpy as np
import pytest
from PIL import Image

from tests.cli.run_records import add_entries, entry_of, failed_entry


def test_numbers_go_to_stdout(run_lle, run_folder, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    out = run_folder(["b/IMG_10.jpg", "b/IMG_9.jpg"])
    add_entries(out, failed_entry("bad.jpg"))
    run = run_lle("report", out)
    assert (run.code, run.err) == (0, "")
    names = re.findall(r"\S+\.jpg", run.out)
    assert names == ["b/IMG_9.jpg", "b/IMG_10.jpg", "bad.jpg"]
    assert "truncated: 48 bytes missing" in run.out
    assert "2 enhanced, 1 failed" in run.out
    assert "codeenhance lite #01234567 on cpu fp32" in run.out


def test_csv_and_json_hold_the_same_full_numbers(run_lle, run_folder):
    out = run_folder(["a.png", 'with "quotes", commas\nand lines.png'])
    table = run_lle("report", out, "--format", "csv").out
    assert "\r" not in table
    rows = list(csv.DictReader(StringIO(table)))
    report = json.loads(run_lle("report", out, "--format", "json").out)
    assert [row["luma_after"] for row in rows] == [str(image["luma_after"]) for image in report["images"]]
    dark = np.asarray(Image.open(out.parent / "in" / "a.png").convert("L")) / 255
    assert float(rows[0]["luma_before"]) == pytest.approx(dark.mean(), abs=0.003)
    assert rows[1]["name"].startswith('with "quotes", commas')
    assert json.loads(rows[0]["controls"]) == {"contrast": 1.2, "texture": 1.0}
    assert (report["v"], report["summary"]["done"], report["summary"]["pictures"]) == (1, 2, 2)


def test_markdown_is_one_table_whatever_the_names(run_lle, run_folder):
    out = run_folder(["a|b.png", "`c`<i>.png"])
    lines = run_lle("report", out, "-f", "md").out.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 4
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {11}
    assert "<i>" not in "".join(table)
    assert table[1].count("---:") == 7


def test_reports_are_the_same_each_time(run_lle, run_folder, tmp_path, monkeypatch):
    out = run_folder([f"{i}.jpg" for i in range(6)])
    report_options = [
        *("--report", tmp_path / "1" / "run.html", "--report", tmp_path / "1" / "run.json"),
        *("--compare", tmp_path / "1" / "pairs", "--contact-sheet", tmp_path / "1" / "sheet.png"),
    ]
    run_lle("report", out, *report_options)
    first = {path: path.read_bytes() for path in (tmp_path / "1").rglob("*.*")}
    assert len(first) == 9
    run_lle("report", out, *report_options)
    assert {path: path.read_bytes() for path in (tmp_path / "1").rglob("*.*")} == first
    assert "2026-11-20" in (tmp_path / "1" / "run.html").read_text()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    run_lle("report", out, *report_options)
    assert "1970-01-02" in (tmp_path / "1" / "run.html").read_text()


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (("--report", "run.pdf"), "use the extension .html, .md, .csv, .json"),
        (("--contact-sheet", "sheet.gif"), "use the extension .jpg, .jpeg, .png"),
        (("--report", "a.md", "--report", "a.md"), "two --report options name the same file"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(run_lle, run_folder, wish, message):
    run = run_lle("report", run_folder(["a.jpg"]), *wish)
    assert (run.code, run.out) == (2, "")
    assert message in run.err
    assert len(run.err.splitlines()) == 1


def test_a_folder_without_a_manifest_is_refused(run_lle, tmp_path):
    run = run_lle("report", tmp_path)
    assert (run.code, run.out) == (2, "")
    assert f"'{tmp_path}' is not an output folder" in run.err


def test_errors_name_folders_as_they_are_typed(run_lle, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "'nothing' is not an output folder" in run_lle("report", "nothing").err
    assert "'nothing' is not an output folder" in run_lle("report", tmp_path / "nothing").err
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert "'~/nothing' is not an output folder" in run_lle("report", tmp_path / "nothing").err


def test_the_last_line_about_a_picture_counts(run_lle, run_folder):
    out = run_folder(["a.jpg"])
    add_entries(
        out,
        failed_entry("b.jpg"),
        entry_of("b.jpg", "/gone/b.jpg", status="failed", error={"code": "oom", "msg": ""}),
    )
    with (out / ".lle" / "manifest.jsonl").open("a") as manifest:
        manifest.write('{"v": 1, "input": "c.j')
    images = json.loads(run_lle("report", out, "-f", "json").out)["images"]
    assert [(image["name"], image["code"]) for image in images] == [("a.jpg", ""), ("b.jpg", "oom")]


def test_a_run_without_pictures_can_be_reported(run_lle, run_folder, tmp_path):
    out = run_folder([])
    add_entries(out)
    run = run_lle("report", out, "--report", tmp_path / "run.html", "--contact-sheet", tmp_path / "sheet.jpg")
    assert run.code == 0
    assert "no images" in run_lle("report", out).out


def test_a_place_that_cannot_be_written_to_is_code_eight(run_lle, run_folder, tmp_path):
    (tmp_path / "file").touch()
    run = run_lle("report", run_folder(["a.jpg"]), "--report", tmp_path / "file" / "run.html")
    assert run.code == 8
    assert len(run.err.splitlines()) == 1


def test_no_network_is_loaded(run_folder, root, tmp_path):
    out = run_folder(["a.jpg"])
    source = (
        "import sys\nfrom lowlight_cli.cli.app import main\n"
        f"code = main(['report', {str(out)!r}, '--report', {str(tmp_path / 'run.html')!r}])\n"
        "print(code, sorted({'torch', 'torchvision', 'pyiqa'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=root,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_a_run_writes_the_reports_that_can_be_made_again_later(run_lle, make_picture, tmp_path):
    make_picture(tmp_path / "in" / "sub" / "a.png")
    out = tmp_path / "out"
    report_options = (
        "--report",
        tmp_path / "run.html",
        "--compare",
        tmp_path / "pairs",
        "--compare-style",
        "stack",
    )
    run = run_lle("enhance", tmp_path / "in", "-o", out, "-m", "identity", "--device", "cpu", *report_options)
    assert run.code == 0
    said = [line for line in run.err.splitlines() if line.startswith("report:")]
    assert said == [f"report:  {tmp_path}/run.html", f"report:  {tmp_path}/pairs"]
    with Image.open(tmp_path / "pairs" / "sub" / "a_compare.jpg") as strip:
        assert strip.size[1] > 64
    run_lle("report", out, "--report", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "run.html").read_bytes()


def test_several_results_of_one_picture_are_told_apart(run_lle, run_folder, tmp_path):
    out = run_folder(["a.jpg", "b.jpg"])
    (out / "a-2.jpg").write_bytes((out / "a.jpg").read_bytes())
    add_entries(out, entry_of("a.jpg", tmp_path / "in" / "a.jpg", output="a-2.jpg"))
    images = json.loads(run_lle("report", out, "-f", "json").out)["images"]
    assert sorted(image["name"] for image in images) == ["a-2.jpg", "a.jpg", "b.jpg"]
