"""Files that other programs stumble over: what must become of each, in one folder and one by one."""

import base64
import contextlib
import errno
import fcntl
import hashlib
import io
import json
import os
import sys
import time
from pathlib import Path

import numpy
import pytest
from PIL import Image

from tests.cli.adverse import (
    CASES,
    IGNORED,
    bomb,
    cut,
    dark,
    float_tiff,
    moving,
    opened,
    pages,
    samples,
    saved,
)
from tests.unit.images.photos import make_photo
from tests.unit.images.test_colour import DISPLAY_P3
from tests.unit.images.test_extras import make_dng

BY_NAME = {case.name: case for case in CASES}


def digests(folder):
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()
    }


def events(text):
    """The items by the bytes of the input's path, and the last event."""
    lines = [json.loads(line) for line in text.splitlines()]
    found = {_raw(line): line for line in lines if line["event"] == "item"}
    assert lines[-1]["event"] == "end"
    return found, lines[-1]


def check_counts(end):
    counted = sum(end[name] for name in ("ok", "skipped", "failed", "conflict", "ignored", "left"))
    assert end["inputs"] == counted


def _raw(item):
    return base64.b64decode(item["in_b64"]) if "in_b64" in item else os.fsencode(item["in"])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A folder of all cases, what one run over it said, and where its results are."""
    top = tmp_path_factory.mktemp("corpus")
    folder, out = top / "in", top / "out"
    folder.mkdir()
    for case in CASES:
        (folder / case.name).write_bytes(case.make())
    for name, content in IGNORED.items():
        (folder / name).write_bytes(content)
    before = digests(folder)

    from lowlight_cli.cli.app import main

    told, said = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    words = ["enhance", str(folder), "-o", str(out), "-m", "identity", "--device", "cpu", "--json"]
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(told),
        contextlib.redirect_stderr(said),
    ):
        patch.setenv("XDG_STATE_HOME", str(top / "state"))
        code = main(words)
    texts = [stream.buffer.getvalue().decode() for stream in (told, said)]
    assert code in (0, 3), texts[1]
    return folder, out, before, code, *texts


@pytest.mark.parametrize("name", [case.name for case in CASES], ids=lambda name: ascii(name)[1:41])
def test_each_file_has_its_outcome(corpus, name):
    folder, out, _, _, told, _ = corpus
    case, source = BY_NAME[name], folder / name
    item = events(told)[0][os.fsencode(source)]
    target = out / (case.result or name)
    if case.code is None:
        assert item["status"] == "ok", item
        assert set(item["warn"]) == case.warnings
        assert item["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
        if case.check is not None:
            case.check(source, target)
    else:
        assert (item["status"], item["error"]["code"]) == ("failed", case.code), item
        assert item["error"]["msg"].strip()
        assert "\n" not in item["error"]["msg"]
        assert not target.exists()


def test_all_files_are_accounted_for(corpus):
    folder, out, before, code, told, _ = corpus
    items, end = events(told)
    assert len(items) == len(CASES) > 90
    check_counts(end)
    assert end["ok"] == sum(case.code is None for case in CASES)
    assert end["failed"] == sum(case.code is not None for case in CASES)
    assert end["ignored"] >= 1  # notes.txt; what programs leave behind is passed over
    assert (code, end["exit"]) == (3, 3)
    assert digests(folder) == before
    results = [path for path in out.rglob("*") if path.is_file() and ".lle" not in path.parts]
    assert len(results) == end["ok"]
    assert not list(out.rglob("*lle-tmp*"))


def test_what_is_said_fits_on_lines_without_control_characters(corpus):
    said, told = corpus[-1], corpus[-2]
    assert not [character for character in said if ord(character) < 32 and character != "\n"]
    assert len(said.splitlines()) < len(CASES)
    told.encode("utf-8")
    failures = [line for line in said.splitlines() if line.startswith("failed")]
    assert len(failures) == sum(case.code is not None for case in CASES)


def test_a_second_run_makes_nothing_and_tries_failures_again(corpus, run_lle):
    folder, out, before, _, _, _ = corpus
    results = digests(out)
    run = run_lle("enhance", folder, "-o", out, "-m", "identity", "--device", "cpu", "--json")
    end = events(run.out)[1]
    check_counts(end)
    assert end["ok"] == 0
    assert end["skipped"] == sum(case.code is None for case in CASES)
    assert end["failed"] == sum(case.code is not None for case in CASES)
    assert {path: digest for path, digest in digests(out).items() if ".lle" not in path.parts} == {
        path: digest for path, digest in results.items() if ".lle" not in path.parts
    }
    assert digests(folder) == before


@pytest.fixture
def one(enhance, tmp_path):
    """Enhances one file; gives the run, its only item, and the result's path."""

    def run(name, data, *options, result=None):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        source = folder / name
        source.write_bytes(data)
        done = enhance(source, "-o", f"{tmp_path / 'out'}/", "--json", *options)
        items, end = events(done.out)
        check_counts(end)
        assert source.read_bytes() == data
        return done, next(iter(items.values())), tmp_path / "out" / (result or name)

    return run


def test_transparency_needs_a_background_in_a_jpeg(one):
    picture = saved(dark("RGBA"), "PNG")
    run, item, result = one("a.png", picture, "-f", "jpg", result="a.jpg")
    assert (run.code, item["error"]["code"]) == (4, "unsupported")
    assert "--flatten" in item["error"]["msg"]
    assert not result.exists()
    run, item, result = one("a.png", picture, "-f", "jpg", "--flatten", "white", result="a.jpg")
    assert (run.code, opened(result).mode) == (0, "RGB")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_what_is_there_of_a_file_can_be_asked_for(one, form):
    suffix = {"JPEG": "jpg"}.get(form, form.lower())
    data = saved(dark(size=(300, 200)), form)
    run, item, result = one(f"a.{suffix}", cut(data, 0.5), "--allow-truncated")
    assert (run.code, item["status"]) == (0, "ok")
    assert "degraded" in item["warn"]
    after, before = numpy.asarray(opened(result), int), numpy.asarray(dark(size=(300, 200)), int)
    assert after.shape == before.shape
    assert abs(after - before)[:60].mean() < 4


@pytest.mark.parametrize("policy", ["keep", "safe", "strip"])
@pytest.mark.parametrize("target", ["jpg", "png", "tiff", "webp", "avif"])
def test_metadata_are_limited_in_every_format(one, policy, target):
    run, item, result = one(
        "a.jpg", make_photo("jpg").data, "-f", target, "--metadata", policy, result=f"a.{target}"
    )
    assert run.code == 0
    exif, content = opened(result).getexif(), result.read_bytes()
    assert (271 in exif) == (policy != "strip")
    assert bool(exif.get_ifd(0x8825)) == (policy == "keep")
    assert (b"SERIAL123" in content) == (policy == "keep")
    assert b"THUMBNAIL" not in content
    lossy = policy != "strip" and target in ("webp", "avif")  # no place for IPTC
    assert item["warn"] == (["metadata"] if lossy else [])


def test_damaged_metadata_are_a_warning_and_not_a_failure(one):
    data = bytearray(make_photo("jpg").data)
    place = data.index(b"http://ns.adobe.com/xap") + 400
    data[place : place + 3] = b"<<<"
    run, item, result = one("a.jpg", bytes(data))
    assert (run.code, item["warn"]) == (0, ["metadata"])
    assert opened(result).getexif()[271] == "Maker"


def test_a_profile_can_be_left_behind(one):
    _, _, result = one("a.png", saved(dark(), "PNG", icc_profile=DISPLAY_P3), "--icc", "srgb")
    assert opened(result).info.get("icc_profile") != DISPLAY_P3


def test_sixteen_bits_can_be_asked_for_and_given_up(one):
    _, _, result = one("a.png", saved(dark(), "PNG"), "--bit-depth", "16")
    assert samples(result).dtype == numpy.uint16
    _, _, result = one("b.png", result.read_bytes(), "--bit-depth", "8")
    assert numpy.array_equal(numpy.asarray(opened(result)), numpy.asarray(dark()))


@pytest.mark.parametrize(("name", "make"), [("a.gif", lambda: moving("GIF", "P")), ("a.tiff", pages)])
def test_frames_can_be_left_out_or_refused(one, name, make):
    run, item, _ = one(name, make(), "--frames", "error")
    assert (run.code, item["error"]["code"]) == (4, "unsupported")
    run, _, result = one(name, make(), "--frames", "first")
    assert (run.code, getattr(opened(result), "n_frames", 1)) == (0, 1)


@pytest.mark.parametrize(("options", "result"), [((), "a.jpg"), (("--bit-depth", "16"), "a.tiff")])
def test_raw_becomes_a_picture_and_never_raw(one, options, result):
    pytest.importorskip("rawpy")
    run, _, path = one("a.dng", make_dng(), *options, result=result)
    assert run.code == 0, run.err
    assert opened(path).size == (64, 48)


def test_heic_becomes_a_jpeg(one):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(dark(size=(64, 48))).save(file, quality=95)
    run, _, path = one("a.heic", file.getvalue(), result="a.jpg")
    assert run.code == 0, run.err
    assert opened(path).size == (64, 48)


@pytest.mark.parametrize(
    ("module", "name", "make"),
    [("rawpy", "a.dng", make_dng), ("pillow_heif", "a.heic", lambda: b"\0\0\0\x18ftypheic" + bytes(99))],
)
def test_an_extra_that_is_missing_is_named(one, monkeypatch, module, name, make):
    monkeypatch.setitem(sys.modules, module, None)
    run, item, _ = one(name, make())
    assert run.code in (4, 7)
    assert "pip install 'lowlight-cli[" in item["error"]["msg"]


def test_a_bomb_is_refused_at_once(one):
    start = time.perf_counter()
    _, item, _ = one("a.png", bomb())
    assert item["error"]["code"] == "too_large"
    assert time.perf_counter() - start < 10  # most of it is spent on starting
    assert one("b.png", saved(dark(), "PNG"), "--max-pixels", "1000")[1]["error"]["code"] == "too_large"


@pytest.mark.slow
def test_a_panorama_of_180_megapixels_is_taken(one):
    run, item, _ = one("a.png", saved(Image.new("L", (18_000, 10_000), 9), "PNG", compress_level=1))
    assert (run.code, item["w"], item["h"]) == (0, 18_000, 10_000)


def test_not_a_number_is_named(one):
    assert "float" in one("a.tiff", float_tiff(float("nan")))[1]["error"]["msg"].lower()


def test_what_is_no_regular_file_does_not_block(enhance, tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "good.png").write_bytes(saved(dark(), "PNG"))
    run = enhance(tmp_path, "-o", tmp_path / "out", "--json")
    items, end = events(run.out)
    check_counts(end)
    assert items[os.fsencode(tmp_path / "good.png")]["status"] == "ok"
    failed = {item["error"]["code"] for item in items.values() if item["status"] == "failed"}
    assert failed <= {"unreadable"}
    assert end["failed"] + end["ignored"] == 3


def test_links_to_files_are_read_through_and_results_replace_links(enhance, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    original, precious = tmp_path / "elsewhere" / "a.png", tmp_path / "elsewhere" / "precious.png"
    original.write_bytes(saved(dark(), "PNG"))
    precious.write_bytes(b"precious")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").symlink_to(original)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").symlink_to(precious)
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--on-exist", "overwrite")
    assert run.code == 0, run.err
    assert precious.read_bytes() == b"precious"
    assert not (tmp_path / "out" / "a.png").is_symlink()
    assert opened(tmp_path / "out" / "a.png").size == (48, 32)
    assert (tmp_path / "in" / "a.png").is_symlink()


def test_a_loop_of_links_ends(enhance, tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "a" / "b").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "x.png").write_bytes(saved(dark(), "PNG"))
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--follow-symlinks", "--json")
    assert (run.code, len(events(run.out)[0])) == (0, 1)


@pytest.mark.parametrize(
    ("names", "options"), [(("A.png", "a.png"), ()), (("x.jpg", "x.png"), ("-f", "png"))]
)
def test_two_inputs_for_one_result_are_refused_before_any_work(enhance, tmp_path, names, options):
    (tmp_path / "in").mkdir()
    for name in names:
        (tmp_path / "in" / name).write_bytes(saved(dark(), "PNG"))
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", *options)
    assert (run.code, run.out) == (2, "")
    assert all(name in run.err for name in names)
    assert not list(tmp_path.glob("out/*.png"))
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--on-exist", "rename", *options)
    assert run.code == 0, run.err
    assert len(list(tmp_path.glob("out/*.png"))) == 2


def test_a_place_that_cannot_be_written_to_is_found_before_the_model_is_loaded(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(saved(dark(), "PNG"))
    (tmp_path / "file").write_text("not a folder")
    assert enhance(tmp_path / "in", "-o", tmp_path / "file" / "out").code == 8


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_an_item(one, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").touch(mode=0)
    assert one("b.png", saved(dark(), "PNG"))[0].code == 0


def test_a_full_disk_ends_the_run_and_leaves_nothing_half_written(enhance, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    for number in range(4):
        (tmp_path / "in" / f"{number}.png").write_bytes(saved(dark(), "PNG"))
    written, real = [], os.fsync

    def fsync(file):
        path = str(Path(f"/proc/self/fd/{file}").readlink())
        if ".png.lle-tmp" in path:
            written.append(path)
            if len(written) == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--workers", "1", "--json")
    assert run.code == 8
    items, end = events(run.out)
    check_counts(end)
    assert "disk_full" in {item.get("error", {}).get("code") for item in items.values()}
    left = [path for path in (tmp_path / "out").glob("*") if path.is_file()]
    assert not [path for path in left if "lle-tmp" in path.name]
    for path in left:
        opened(path)
    monkeypatch.undo()
    assert enhance(tmp_path / "in", "-o", tmp_path / "out").code == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 4


def test_one_run_at_a_time_writes_into_a_folder(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(saved(dark(), "PNG"))
    (tmp_path / "out" / ".lle").mkdir(parents=True)
    with (tmp_path / "out" / ".lle" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = enhance(tmp_path / "in", "-o", tmp_path / "out")
    assert (run.code, list((tmp_path / "out").glob("*.png"))) == (11, [])


def test_the_longest_names_of_results_are_taken_or_refused_with_a_word(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ("x" * 251 + ".png")).write_bytes(saved(dark(), "PNG"))
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--suffix", "_bright", "--json")
    items, end = events(run.out)
    check_counts(end)
    assert run.code in (4, 8)
    assert next(iter(items.values()))["error"]["msg"].endswith("File name too long")


def test_words_that_are_no_possible_names_are_mistakes_and_no_bugs(enhance, tmp_path):
    (tmp_path / "a.png").write_bytes(saved(dark(), "PNG"))
    endless = tmp_path / ("y" * 300 + ".png")
    for words in (
        [endless, "-o", tmp_path / "out"],
        [tmp_path / "a.png", "-o", endless],
        [tmp_path, "-o", endless],
    ):
        run = enhance(*words)
        assert (run.code, run.out) == (2, "")
        assert run.err.endswith("File name too long\n")
