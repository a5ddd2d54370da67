"""``lle report``: pages, tables, comparisons and contact sheets from a manifest."""

import base64
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image

from tests.conftest import dark_pixels

NAUGHTY = "<img src=x onerror=alert(1)>.jpg"


@pytest.fixture
def run_folder(tmp_path):
    """Makes originals, results three times as bright, and their manifest; gives the folder of results."""

    def make(names, size=(90, 60), **facts):
        out = tmp_path / "out"
        (out / ".lle").mkdir(parents=True, exist_ok=True)
        for i, name in enumerate(names):
            dark = dark_pixels(size, seed=i)
            _save(tmp_path / "in" / name, dark)
            _save(out / name, (dark.astype(int) * 3).clip(0, 255).astype(np.uint8))
            _add(out, _entry(name, tmp_path / "in" / name, size, **facts))
        return out

    return make


def _entry(name, source, size=(90, 60), **facts):
    entry = {
        "v": 1,
        "input": str(name),
        "source": str(source),
        "output": str(name),
        "status": "ok",
        "error": None,
        "seconds": 0.5,
        "w": size[0],
        "h": size[1],
        "warnings": [],
        "controls": {"contrast": 1.2, "texture": 1.0},
        "model": "codeenhance",
        "preset": "lite",
        "checkpoint_sha256": "0123456789abcdef" * 4,
        "device": "cpu",
        "precision": "fp32",
        "run": "2026-11-20T21:00:00Z-3f2a",
        "version": "0.1.0",
    }
    return entry | facts


def _failed(name):
    error = {"code": "truncated", "msg": "48 bytes missing"}
    return _entry(name, f"/gone/{name}", status="failed", error=error, w=0, h=0, seconds=0.0)


def _add(out, *entries):
    if any(entry["status"] == "failed" for entry in entries):
        (out / ".lle" / "failed.txt").write_text("bad.jpg\n")
    with (out / ".lle" / "manifest.jsonl").open("a") as manifest:
        manifest.writelines(json.dumps(entry) + "\n" for entry in entries)


def _save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (51.0, 2.0, 3.0)
    exif[0x010E] = "secret place"
    form = "PNG" if path.suffix == ".png" else "JPEG"
    Image.fromarray(pixels).save(path, form, exif=exif)


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def _digests(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.*g")}


def test_numbers_go_to_stdout(run_lle, run_folder, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    out = run_folder(["b/IMG_10.jpg", "b/IMG_9.jpg"])
    _add(out, _failed("bad.jpg"))
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


def test_a_page_holds_everything_and_asks_for_nothing(run_lle, run_folder, tmp_path):
    out = run_folder(["a.jpg", "sub/b.jpg", NAUGHTY, "c.png"])
    before = _digests(tmp_path)
    _add(out, _failed("bad.jpg"))
    run = run_lle("report", out, "--report", tmp_path / "run.html")
    assert (run.code, run.out, run.err) == (0, f"{tmp_path}/run.html\n", "")
    text = (tmp_path / "run.html").read_text()
    page = Page(text)
    assert page.all("link") == []
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in page.all("img"))
    assert len(page.all("img")) == 4 * 6
    assert all(image["alt"] for image in page.all("img"))
    assert all("src" not in script for script in page.all("script"))
    assert "http://" not in text
    assert "https://" not in text
    assert "url(" not in text
    assert {link["href"] for link in page.all("a")} >= {"out/a.jpg", "out/sub/b.jpg", "#p1"}
    assert "lle enhance --files-from" in text
    assert "48 bytes missing" in text
    assert _digests(tmp_path) == before


def test_names_cannot_become_code(run_lle, run_folder, tmp_path):
    out = run_folder([NAUGHTY, '" onmouseover="alert(2).jpg', "javascript:alert(3).jpg"])
    _add(out, _failed("<script>alert(4)</script>.jpg"))
    run_lle("report", out, "--report", tmp_path / "run.html")
    page = Page((tmp_path / "run.html").read_text())
    assert all("onerror" not in attrs and "onmouseover" not in attrs for _, attrs in page.elements)
    assert len(page.all("script")) == 1
    assert NAUGHTY in page.words
    assert not any(link["href"].startswith("javascript:") for link in page.all("a"))
    policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    script = re.search(r"<script>(.*)</script>", (tmp_path / "run.html").read_text(), re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_pictures_in_pages_are_small_and_know_no_place(run_lle, run_folder, tmp_path):
    out = run_folder(["a.jpg"], size=(1500, 1000))
    run_lle("report", out, "--report", tmp_path / "run.html")
    images = Page((tmp_path / "run.html").read_text()).all("img")
    assert len(images) == 6
    for image in images:
        text = image["src"].partition(",")[2]
        assert len(text) <= 40_000
        with Image.open(BytesIO(base64.b64decode(text))) as small:
            assert not small.getexif()
    with Image.open(BytesIO(base64.b64decode(images[2]["src"].partition(",")[2]))) as detail:
        assert detail.size == (168, 112)


def test_home_is_not_told_unless_asked_for(run_lle, run_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    out = run_folder(["a.jpg"])
    error = {"code": "write", "msg": f"{out}/b.jpg: No space left"}
    _add(
        out,
        _entry(
            tmp_path / "in" / "b.jpg", tmp_path / "in" / "b.jpg", status="failed", error=error, output="b.jpg"
        ),
    )
    files = [tmp_path / "far" / f"run.{end}" for end in ("html", "md", "csv", "json")]
    wishes = [word for file in files for word in ("--report", file)]
    run_lle("report", out, *wishes)
    assert all(str(tmp_path) not in file.read_text() for file in files)
    assert "-o ~/out" in files[0].read_text()
    run_lle("report", out, *wishes, "--absolute")
    assert all(str(tmp_path) in file.read_text() for file in files)


def test_reports_are_the_same_each_time(run_lle, run_folder, tmp_path, monkeypatch):
    out = run_folder([f"{i}.jpg" for i in range(6)])
    wishes = [
        *("--report", tmp_path / "1" / "run.html", "--report", tmp_path / "1" / "run.json"),
        *("--compare", tmp_path / "1" / "pairs", "--contact-sheet", tmp_path / "1" / "sheet.png"),
    ]
    run_lle("report", out, *wishes)
    first = {path: path.read_bytes() for path in (tmp_path / "1").rglob("*.*")}
    assert len(first) == 9
    run_lle("report", out, *wishes)
    assert {path: path.read_bytes() for path in (tmp_path / "1").rglob("*.*")} == first
    assert "2026-11-20" in (tmp_path / "1" / "run.html").read_text()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    run_lle("report", out, *wishes)
    assert "1970-01-02" in (tmp_path / "1" / "run.html").read_text()


def test_comparisons_show_both_sides_over_a_caption(run_lle, run_folder, tmp_path):
    out = run_folder(["a/x.png", "y.jpg", "y.png"], size=(300, 200))
    pairs = tmp_path / "pairs"
    run = run_lle("report", out, "--compare", pairs)
    assert (run.code, run.out, run.err) == (0, "", f"3 comparisons in {pairs}\n")
    found = sorted(path.relative_to(pairs).as_posix() for path in pairs.rglob("*.jpg"))
    assert found == ["a/x_compare.jpg", "y.jpg_compare.jpg", "y.png_compare.jpg"]
    strip = np.asarray(Image.open(pairs / "a/x_compare.jpg").convert("RGB")).astype(int)
    original = np.asarray(Image.open(tmp_path / "in" / "a/x.png"))
    result = np.asarray(Image.open(out / "a/x.png"))
    assert strip.shape[1] == 604
    assert np.abs(strip[:200, :298] - original[:, :298]).mean() < 6
    assert np.abs(strip[:200, -298:] - result[:, -298:]).mean() < 6
    assert strip[:200, 301].min() > 200
    assert strip[205:].max() > 150


def test_comparisons_of_long_names_stay_apart(run_lle, run_folder, tmp_path):
    out = run_folder([f"{'夜' * 83}{i}.jpg" for i in range(2)])
    run = run_lle("report", out, "--compare", tmp_path / "pairs")
    assert (run.code, run.err) == (0, f"2 comparisons in {tmp_path}/pairs\n")
    assert len(list((tmp_path / "pairs").glob("夜*_compare.jpg"))) == 2


@pytest.mark.parametrize(
    ("style", "size", "axis"),
    [("side", (1200, 100), 0), ("stack", (100, 1200), 1), ("split", (2400, 120), 0)],
)
def test_comparisons_are_at_most_2048_pixels_long(run_lle, run_folder, tmp_path, style, size, axis):
    out = run_folder(["x.jpg"], size=size)
    run_lle("report", out, "--compare", tmp_path / "pairs", "--compare-style", style)
    with Image.open(tmp_path / "pairs" / "x_compare.jpg") as strip:
        length = strip.size[axis]
    caption = 36 if axis == 1 else 0
    assert 2040 <= length - caption <= 2048


@pytest.mark.parametrize(("count", "sheets"), [(3, ["sheet.jpg"]), (61, ["sheet-01.jpg", "sheet-02.jpg"])])
def test_contact_sheets_hold_sixty_pairs_each(run_lle, run_folder, tmp_path, count, sheets):
    out = run_folder([f"{i} ночь 夜 😀.jpg" for i in range(count)], size=(24, 16))
    run = run_lle("report", out, "--contact-sheet", tmp_path / "sheets" / "sheet.jpg")
    assert run.code == 0
    assert sorted(path.name for path in (tmp_path / "sheets").iterdir()) == sheets
    assert [line.rsplit("/", 1)[1] for line in run.out.splitlines()] == sheets


def test_many_pictures_are_spread_over_pages(run_lle, run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("lowlight_cli.reports.run_page.LARGEST_PAGE", 5)
    monkeypatch.setattr("lowlight_cli.reports.run_page.PICTURES_PER_PAGE", 3)
    out = run_folder([f"{i}.jpg" for i in range(7)], size=(24, 16))
    run = run_lle("report", out, "--report", tmp_path / "run.html")
    assert [line.rsplit("/", 1)[1] for line in run.out.splitlines()] == [
        "run.html",
        "run-2.html",
        "run-3.html",
    ]
    cards = [
        [attrs["id"] for attrs in Page((tmp_path / name).read_text()).all("article")]
        for name in ("run.html", "run-2.html", "run-3.html")
    ]
    assert cards == [["p1", "p2", "p3"], ["p4", "p5", "p6"], ["p7"]]
    assert {link["href"] for link in Page((tmp_path / "run.html").read_text()).all("a")} >= {"run-3.html"}


def test_files_that_are_gone_are_named(run_lle, run_folder, tmp_path):
    out = run_folder(["a.jpg", "b.jpg", "c.jpg"])
    (tmp_path / "in" / "a.jpg").unlink()
    (out / "b.jpg").write_text("no picture")
    run = run_lle("report", out, "--report", tmp_path / "run.html")
    assert run.code == 3
    assert run.err.splitlines() == [
        "warning  a.jpg  the original cannot be read: not a regular file",
        "warning  b.jpg  the result cannot be read: not a picture that can be read",
    ]
    page = Page((tmp_path / "run.html").read_text())
    assert len(page.all("article")) == 1


def test_pictures_are_never_written_over(run_lle, run_folder, tmp_path):
    out = run_folder(["x.jpg"])
    _save(tmp_path / "in" / "x_compare.jpg", dark_pixels((20, 20)))
    _add(out, _entry("y.jpg", tmp_path / "in" / "x_compare.jpg", status="failed", output=None))
    before = _digests(tmp_path)
    for wish in (("--compare", tmp_path / "in"), ("--contact-sheet", tmp_path / "in" / "x.jpg")):
        run = run_lle("report", out, *wish)
        assert (run.code, run.out) == (2, "")
        assert "would replace the picture" in run.err
    assert _digests(tmp_path) == before


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (("--report", "run.pdf"), "ends in .html, .md, .csv, .json"),
        (("--contact-sheet", "sheet.gif"), "ends in .jpg, .jpeg, .png"),
        (("--report", "a.md", "--report", "a.md"), "asked for twice"),
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
    assert f"'{tmp_path}' is no folder of results" in run.err


def test_the_last_line_about_a_picture_counts(run_lle, run_folder):
    out = run_folder(["a.jpg"])
    _add(
        out,
        _failed("b.jpg"),
        _entry("b.jpg", "/gone/b.jpg", status="failed", error={"code": "oom", "msg": ""}),
    )
    with (out / ".lle" / "manifest.jsonl").open("a") as manifest:
        manifest.write('{"v": 1, "input": "c.j')
    images = json.loads(run_lle("report", out, "-f", "json").out)["images"]
    assert [(image["name"], image["code"]) for image in images] == [("a.jpg", ""), ("b.jpg", "oom")]


def test_what_was_left_as_it_was_is_no_problem(run_lle, run_folder, tmp_path):
    out = run_folder(["a.jpg", "b.jpg"], status="skipped")
    (out / "b.jpg").unlink()
    run = run_lle("report", out, "--report", tmp_path / "run.html")
    assert (run.code, run.err) == (0, "")
    page = Page((tmp_path / "run.html").read_text())
    assert len(page.all("article")) == 1
    assert "failures" not in {section.get("class") for section in page.all("section")}


@pytest.mark.parametrize(("name", "options"), [("failed.txt", ""), ("failed0.txt", " -0"), ("none", None)])
def test_the_command_to_retry_takes_the_list_that_is_there(run_lle, run_folder, tmp_path, name, options):
    out = run_folder([])
    _add(out, _failed("bad.jpg"))
    (out / ".lle" / "failed.txt").rename(out / ".lle" / name)
    run_lle("report", out, "--report", tmp_path / "run.html")
    commands = [word for word in Page((tmp_path / "run.html").read_text()).words if "lle enhance" in word]
    expected = f"lle enhance --files-from {out}/.lle/{name}{options} -o {out}"
    assert commands == ([expected] if options is not None else [])


def test_a_run_without_pictures_can_be_reported(run_lle, run_folder, tmp_path):
    out = run_folder([])
    _add(out)
    run = run_lle("report", out, "--report", tmp_path / "run.html", "--contact-sheet", tmp_path / "sheet.jpg")
    assert run.code == 0
    assert "no pictures" in run_lle("report", out).out


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
    wishes = ("--report", tmp_path / "run.html", "--compare", tmp_path / "pairs", "--compare-style", "stack")
    run = run_lle("enhance", tmp_path / "in", "-o", out, "-m", "identity", "--device", "cpu", *wishes)
    assert run.code == 0
    said = [line for line in run.err.splitlines() if line.startswith("report:")]
    assert said == [f"report:  {tmp_path}/run.html", f"report:  {tmp_path}/pairs"]
    with Image.open(tmp_path / "pairs" / "sub" / "a_compare.jpg") as strip:
        assert strip.size[1] > 64
    run_lle("report", out, "--report", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "run.html").read_bytes()
