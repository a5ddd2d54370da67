"""``lle report``: pages that hold everything, ask for nothing, and cannot be made to run anything."""

import base64
import hashlib
import re
from io import BytesIO

import pytest
from PIL import Image

from tests.cli.run_records import Page, add_entries, entry_of, failed_entry, picture_digests

NAUGHTY = "<img src=x onerror=alert(1)>.jpg"


def test_a_page_holds_everything_and_asks_for_nothing(run_lle, run_folder, tmp_path):
    out = run_folder(["a.jpg", "sub/b.jpg", NAUGHTY, "c.png"])
    before = picture_digests(tmp_path)
    add_entries(out, failed_entry("bad.jpg"))
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
    assert picture_digests(tmp_path) == before


def test_names_cannot_become_code(run_lle, run_folder, tmp_path):
    out = run_folder([NAUGHTY, '" onmouseover="alert(2).jpg', "javascript:alert(3).jpg"])
    add_entries(out, failed_entry("<script>alert(4)</script>.jpg"))
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
    add_entries(
        out,
        entry_of(
            tmp_path / "in" / "b.jpg", tmp_path / "in" / "b.jpg", status="failed", error=error, output="b.jpg"
        ),
    )
    files = [tmp_path / "far" / f"run.{end}" for end in ("html", "md", "csv", "json")]
    report_options = [word for file in files for word in ("--report", file)]
    run_lle("report", out, *report_options)
    assert all(str(tmp_path) not in file.read_text() for file in files)
    assert "-o ~/out" in files[0].read_text()
    run_lle("report", out, *report_options, "--absolute")
    assert all(str(tmp_path) in file.read_text() for file in files)


def test_many_pictures_are_spread_over_pages(run_lle, run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("lowlight_cli.reports.run_page.LARGEST_PAGE", 5)
    monkeypatch.setattr("lowlight_cli.reports.run_page.IMAGES_PER_PAGE", 3)
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
        "warning  a.jpg  the original cannot be read: no such file",
        "warning  b.jpg  the result cannot be read: not an image in a supported format",
    ]
    page = Page((tmp_path / "run.html").read_text())
    assert len(page.all("article")) == 1


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
    add_entries(out, failed_entry("bad.jpg"))
    (out / ".lle" / "failed.txt").rename(out / ".lle" / name)
    run_lle("report", out, "--report", tmp_path / "run.html")
    commands = [word for word in Page((tmp_path / "run.html").read_text()).words if "lle enhance" in word]
    expected = f"lle enhance --files-from {out}/.lle/{name}{options} -o {out} --retry-failed always"
    assert commands == ([expected] if options is not None else [])


def test_few_images_are_loaded_at_once_and_many_when_they_come_into_view(
    run_lle, run_folder, tmp_path, monkeypatch
):
    out = run_folder(["a.jpg", "b.jpg"], size=(24, 16))
    run_lle("report", out, "--report", tmp_path / "few.html")
    few = (tmp_path / "few.html").read_text()
    assert {image.get("loading") for image in Page(few).all("img")} == {None}
    monkeypatch.setattr("lowlight_cli.reports.run_page.LAZY_FROM", 2)
    run_lle("report", out, "--report", tmp_path / "many.html")
    assert {image.get("loading") for image in Page((tmp_path / "many.html").read_text()).all("img")} == {
        "lazy"
    }


def test_pages_follow_the_theme_of_the_reader_and_print_on_white(run_lle, run_folder, tmp_path):
    run_lle("report", run_folder(["a.jpg"]), "--report", tmp_path / "run.html")
    text = (tmp_path / "run.html").read_text()
    schemes = [meta["content"] for meta in Page(text).all("meta") if meta.get("name") == "color-scheme"]
    assert schemes == ["light dark"]
    light, printed = text.split("@media (prefers-color-scheme: light)")[1].split("@media print")
    for part in (light, printed):
        assert set(re.findall(r"(--[a-z-]+): #", part)) == set(
            re.findall(r"(--[a-z-]+): #", text.split("@media")[0])
        )
    assert "--ground: #fff" in printed


def test_each_flag_is_explained_where_it_is_shown(run_lle, run_folder, tmp_path):
    out = run_folder(["a.jpg"])
    run_lle("report", out, "--report", tmp_path / "run.html")
    page = Page((tmp_path / "run.html").read_text())
    chips = [attrs for attrs in page.all("span") if attrs.get("class", "").startswith("chip")]
    assert all(chip["title"].endswith(".") for chip in chips)
    assert any("Here: " in chip["title"] for chip in chips)
    assert all(option["title"] for option in page.all("option") if option["value"] in ("noise", "clipped"))


def test_the_page_gives_wall_time_and_its_rate(run_lle, run_folder, tmp_path):
    out = run_folder(["a.jpg", "b.jpg"], size=(1000, 500), run="r1", elapsed=1.0)
    run_folder(["b.jpg"], size=(1000, 500), run="r1", elapsed=4.0)
    run_folder(["c.jpg"], size=(1000, 500), run="r2", elapsed=2.0)
    run_lle("report", out, "--report", tmp_path / "run.html")
    words = Page((tmp_path / "run.html").read_text()).words
    assert words[words.index("time") + 1 : words.index("time") + 3] == ["6.0 s", "0.5 img/s"]
    assert "0.25 MP/s" in words


def test_without_wall_time_the_page_gives_the_work_and_no_rate(run_lle, run_folder, tmp_path):
    run_lle("report", run_folder(["a.jpg"]), "--report", tmp_path / "run.html")
    words = Page((tmp_path / "run.html").read_text()).words
    assert "sum over threads" in words
    assert not any("MP/s" in word or "img/s" in word for word in words)
