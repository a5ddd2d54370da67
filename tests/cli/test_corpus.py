"""The corpus runner finds a wrong result of every kind, and nothing where all is right."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from benchmarks.corpus import Outcome, as_json, check, compare, table
from benchmarks.corpus_check.displayed import ColorTags, shown
from benchmarks.corpus_check.run import Item, changed, count_faults, digests, file_faults, manifest_faults
from benchmarks.corpus_check.tags import tag_faults
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from tests.unit.images.gif_bytes import Rectangle, gif

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF>'
    b"</x:xmpmeta>"
)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ALPHA = np.tile(np.linspace(0, 255, 48, dtype=np.uint8), (32, 1))


def photo(seed: int = 0) -> Image.Image:
    """Smooth dark colors, so that lossy formats change little."""
    colors = np.random.default_rng(seed).integers(20, 120, (2, 3, 3), dtype=np.uint8)
    return Image.fromarray(colors).resize((48, 32), Image.Resampling.BILINEAR)


def frames(count: int) -> list[Image.Image]:
    return [photo(seed).quantize(200).convert("RGB") for seed in range(count)]


def save_photo(path: Path, *, artist: bool = True, xmp: bool = True, icc: bytes | None = PROFILE) -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    if artist:
        exif[0x013B] = "A. Photographer"
    more = {"xmp": XMP} if xmp else {}
    photo().save(path, exif=exif, quality=95, **({"icc_profile": icc} if icc else {}), **more)


def save_gif(path: Path, *, count: int = 3, duration: int = 120, loop: int = 0) -> None:
    first, *others = frames(count)
    first.save(path, save_all=True, append_images=others, duration=duration, loop=loop)


def save_deep(path: Path) -> None:
    values = np.asarray(photo()).astype(np.uint16) * 257 + 31
    cv2.imwrite(str(path), values)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory) -> tuple[Path, Path, Outcome]:
    """Originals, results of the program, and what the runner found."""
    place = tmp_path_factory.mktemp("corpus")
    (place / "in").mkdir()
    save_photo(place / "in" / "photo.jpg")
    save_gif(place / "in" / "anim.gif")
    save_deep(place / "in" / "deep.png")
    clear = photo()
    clear.putalpha(Image.fromarray(ALPHA))
    clear.save(place / "in" / "clear.png")
    photo().convert("L").save(place / "in" / "gray.tif")
    (place / "in" / "broken.jpg").write_bytes(b"no image")
    (place / "in" / "notes.txt").write_text("not an image")
    return place / "in", place / "out", check(place / "in", place / "out")


def test_right_results_have_no_faults(healthy):
    _, _, outcome = healthy
    assert outcome.faults == ()
    document = json.loads(json.dumps(as_json(outcome)))
    assert document["outcomes"] == {"ok": 5, "failed": 1}
    assert document["failures"] == {"unreadable": 1}
    assert document["unread"] == []
    assert table(outcome).splitlines()[-1].split() == ["all", "6", "5", "1", "0"]


def brighter(path: Path) -> None:
    with Image.open(path) as image:
        image.load()
    rows = np.asarray(image).astype(int)
    rows[:, :, 0] = (rows[:, :, 0] + 8).clip(0, 255)
    Image.fromarray(rows.astype(np.uint8)).save(path)


def with_spot(path: Path) -> None:
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    values[8:16, 8:16] = 0
    cv2.imwrite(str(path), values)


def opaque(path: Path) -> None:
    with Image.open(path) as image:
        image.load()
    image.putalpha(255)
    image.save(path)


def cropped(path: Path) -> None:
    with Image.open(path) as image:
        image.crop((0, 0, 47, 32)).save(path)


def in_color(path: Path) -> None:
    with Image.open(path) as image:
        image.convert("RGB").save(path)


def in_8_bits(path: Path) -> None:
    cv2.imwrite(str(path), cv2.imread(str(path)))


def with_gamma(path: Path) -> None:
    info = PngInfo()
    info.add(b"gAMA", (100_000).to_bytes(4, "big"))
    with Image.open(path) as image:
        image.save(path, pnginfo=info)


OTHER_PROFILE = PROFILE[:24] + bytes(12) + PROFILE[36:]
"""The same colors under another date."""


@pytest.mark.parametrize(
    ("name", "spoil", "kinds"),
    [
        ("photo.jpg", lambda path: path.write_bytes(path.read_bytes()[:-900]), {"unreadable"}),
        ("photo.jpg", lambda path: save_photo(path, artist=False), {"exif"}),
        ("photo.jpg", lambda path: save_photo(path, xmp=False), {"xmp"}),
        ("photo.jpg", lambda path: save_photo(path, icc=None), {"profile"}),
        ("photo.jpg", lambda path: save_photo(path, icc=OTHER_PROFILE), {"profile"}),
        ("anim.gif", lambda path: save_gif(path, count=1), {"frames"}),
        ("anim.gif", lambda path: save_gif(path, duration=60), {"timing", "color"}),
        ("anim.gif", lambda path: save_gif(path, loop=3), {"timing"}),
        ("deep.png", in_8_bits, {"depth"}),
        ("deep.png", with_spot, {"color"}),
        ("clear.png", opaque, {"alpha", "color"}),
        ("clear.png", brighter, {"color"}),
        ("clear.png", with_gamma, {"color"}),
        ("clear.png", cropped, {"size"}),
        ("gray.tif", in_color, {"channels"}),
    ],
)
def test_a_wrong_result_is_found(healthy, tmp_path, name, spoil, kinds):
    originals, results, _ = healthy
    wrong = tmp_path / name
    shutil.copy(results / name, wrong)
    spoil(wrong)
    item = Item(originals / name, wrong, "ok")

    found = [*(compare(item) or ()), *tag_faults([(item.source, wrong)])]

    tags = {"exif", "xmp"} if name == "photo.jpg" and kinds & {"profile", "unreadable"} else set()
    assert {fault.kind for fault in found} - tags == kinds
    assert {fault.file for fault in found} == {str(originals / name)}
    assert not any(fault.warned for fault in found)


def test_a_fault_that_a_warning_announces_is_marked(healthy, tmp_path):
    originals, results, _ = healthy
    shutil.copy(results / "deep.png", tmp_path)
    in_8_bits(tmp_path / "deep.png")
    item = Item(originals / "deep.png", tmp_path / "deep.png", "ok", warnings=("depth_8bit",))

    assert [(fault.kind, fault.warned) for fault in compare(item) or ()] == [("depth", True)]


@pytest.mark.parametrize(("code", "warned"), [("truncated", False), ("unsupported", True)])
def test_a_whole_file_that_is_called_damaged_is_found(healthy, code, warned):
    originals, _, _ = healthy
    whole, broken = (Item(originals / name, None, "failed", code) for name in ("photo.jpg", "broken.jpg"))

    assert [(fault.kind, fault.warned) for fault in compare(whole) or ()] == [("refused", warned)]
    assert compare(broken) == []


def test_a_run_whose_accounts_disagree_is_found(healthy, tmp_path):
    originals, results, outcome = healthy
    out = tmp_path / "out"
    shutil.copytree(results, out)
    items = [each and replace(each, target=each.target and out / each.target.name) for each in outcome.items]
    assert [*file_faults(out, items), *manifest_faults(out, items)] == []

    (out / "more.png").write_bytes(b"x")
    (out / "clear.png").write_bytes(b"x")
    (out / "anim.gif").unlink()
    assert len(list(file_faults(out, items))) == 3
    assert len(list(manifest_faults(out, items[1:]))) == 1

    end = {"event": "end", "inputs": 7, "ok": 5, "skipped": 0, "failed": 1, "conflict": 0, "ignored": 1}
    end |= {"left": 0, "exit": 3}
    assert list(count_faults(originals, [end], items, 3, "")) == []
    assert len(list(count_faults(originals, [end], items[1:], 3, ""))) == 1
    assert len(list(count_faults(originals, [end | {"ignored": 0}], items, 3, ""))) == 1
    assert len(list(count_faults(originals, [end], items, 1, ""))) == 1
    (fault,) = count_faults(originals, [], items, 1, "Traceback\nValueError: no")
    assert "without an end event; ValueError: no" in fault.text


def test_frames_beyond_the_screen_of_a_gif_are_cut_as_browsers_do(tmp_path):
    numbers = np.full((6, 6), 1, np.uint8)
    path = tmp_path / "a.gif"
    path.write_bytes(gif(6, 6, Rectangle(numbers), Rectangle(numbers + 1, left=3, top=3)))
    item = Item(path, tmp_path / "b.gif", "ok")
    path.with_name("b.gif").write_bytes(encode_bytes(decode_bytes(path.read_bytes()), "gif"))
    assert compare(item) == []

    path.with_name("b.gif").write_bytes(gif(6, 6, Rectangle(numbers)))
    assert [fault.kind for fault in compare(item) or ()] == ["frames"]


def test_pages_of_other_sizes_are_not_the_same(tmp_path):
    pages = [Image.new("RGB", size, (90, 9, 9)) for size in ((8, 8), (40, 40))]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "b.tif")
    found = compare(Item(tmp_path / "a.tif", tmp_path / "b.tif", "ok")) or []
    assert "frames" in {fault.kind for fault in found}


def test_an_original_that_changes_is_found(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(b"1")
    before = digests(tmp_path)
    (tmp_path / "b").write_bytes(b"2")
    (tmp_path / "c").rename(tmp_path / "d")

    found = {fault.file: fault.text for fault in changed(before, digests(tmp_path))}

    assert found == {"b": "changed", "c": "gone or new", "d": "gone or new"}


@pytest.mark.parametrize(
    ("stored", "tags", "seen"),
    [
        # Red of sRGB in Display P3 is 0.9176, 0.2003, 0.1386 (CSS Color 4, sample conversions).
        ((234, 51, 35), ColorTags(cicp=(12, 13)), (255, 0, 0)),
        # Samples in proportion to light: a fifth of white is half of it in sRGB.
        ((55, 55, 55), ColorTags(gamma=1.0), (128, 128, 128)),
        # White of 203 cd/m2 is 58 % in PQ and 75 % in HLG (ITU-R BT.2408).
        ((148, 148, 148), ColorTags(cicp=(9, 16)), (255, 255, 255)),
        ((191, 191, 191), ColorTags(cicp=(9, 18)), (255, 255, 255)),
        ((100, 50, 20), ColorTags(icc=PROFILE), (100, 50, 20)),
        ((100, 50, 20), ColorTags(icc=b"broken"), (100, 50, 20)),
    ],
)
def test_colors_are_those_of_a_viewer(stored, tags, seen):
    found = shown(Image.new("RGB", (2, 2), stored), tags)
    assert np.abs(found - np.array(seen)).max() <= 2


def test_profiles_decide_what_is_shown():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image = Image.new("LAB", (2, 2), (128, 128, 128))
    assert np.abs(shown(image, ColorTags(icc=lab)) - 119).max() <= 2
