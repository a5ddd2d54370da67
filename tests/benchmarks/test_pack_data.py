"""A pack of training data is small, the same each time, and can be trained on as it is."""

import hashlib
import json

import numpy as np
import pytest

from benchmarks.pack_data import main
from lowlight_cli.images.decode import decode
from lowlight_cli.training.config import DataSettings
from lowlight_cli.training.data_sources import load_pairs
from lowlight_cli.training.photos import load_photos

HELD_OUT = "115"


@pytest.fixture
def sources(tmp_path, make_picture):
    """Two folders of photos and one of pairs; one scene of each is held out."""
    for number, folder in enumerate(("city", "woods")):
        for name in ("a", "b", HELD_OUT):
            make_picture(tmp_path / folder / f"{name}.png", (96, 80), seed=7 * number + len(name))
    for name in ("1", HELD_OUT):
        for kind in ("low", "high"):
            make_picture(tmp_path / "pairs" / kind / f"{name}.png", (96, 80), seed=len(kind))
    return tmp_path


@pytest.fixture
def pack(sources):
    """Packs everything into a folder of that name."""

    def pack(name, *options):
        folders = [
            f"--photos={sources / 'city'}",
            f"--photos={sources / 'woods'}",
            f"--pairs={sources / 'pairs'}",
            f"--held-out={HELD_OUT}",
        ]
        main([str(sources / name), *folders, *options])
        return sources / name

    return pack


def _files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_pack_can_be_trained_on_as_it_is(pack):
    out = pack("pack")
    settings = DataSettings(
        photos=(out / "photos",), pairs=(out / "pairs",), cache="none", held_out=(HELD_OUT,)
    )
    assert len(load_photos(settings, smallest=64)) == 4
    train, held_out = load_pairs(settings, smallest=64)
    assert ([pair.name for pair in train], [pair.name for pair in held_out]) == (["1"], [HELD_OUT])


def test_dark_pictures_keep_every_pixel(pack, sources):
    out = pack("pack")
    for name in ("1", HELD_OUT):
        (packed,) = (out / "pairs" / "low").glob(f"{name}.*")
        assert np.array_equal(decode(packed).pixels, decode(sources / "pairs" / "low" / f"{name}.png").pixels)


def test_photos_of_held_out_scenes_stay_at_home(pack):
    names = set(_files(pack("pack") / "photos"))
    assert names == {"city/a.webp", "city/b.webp", "woods/a.webp", "woods/b.webp"}


def test_the_same_call_gives_the_same_bytes(pack):
    first, second = _files(pack("one")), _files(pack("two"))
    assert len(first) == 9
    assert first == second


def test_the_record_names_every_file(pack):
    files = _files(pack("pack"))
    record = json.loads(files.pop("pack.json"))
    assert record["files"] == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_less_room_means_a_lower_quality_and_not_fewer_pictures(pack):
    roomy = pack("roomy")
    size = sum(map(len, _files(roomy).values()))
    limit = 0.95 * size / 1e6
    tight = pack("tight", f"--limit-mb={limit}")
    qualities = [
        json.loads((out / "pack.json").read_text())["qualities"]["photos/city"] for out in (roomy, tight)
    ]
    assert qualities[0] == 92
    assert qualities[1] < 92
    packed = {name: data for name, data in _files(tight).items() if name != "pack.json"}
    assert len(packed) == 8
    assert sum(map(len, packed.values())) <= limit * 1e6


def test_what_cannot_fit_leaves_nothing_behind(pack, sources, capsys):
    before = set(sources.iterdir())
    with pytest.raises(SystemExit) as ended:
        pack("pack", "--limit-mb=0.01")
    assert ended.value.code == 2
    assert "MB too much even at quality 56" in capsys.readouterr().err
    assert set(sources.iterdir()) == before


def test_large_photos_are_shrunk_if_asked_for(pack):
    out = pack("pack", "--longest=72", "--format=jpeg")
    sizes = {decode(path).pixels.shape[:2] for path in (out / "photos").rglob("*.jpg")}
    assert sizes == {(60, 72)}


def test_originals_and_earlier_packs_are_not_touched(pack, sources, capsys):
    before = _files(sources)
    pack("pack")
    packed = _files(sources / "pack")
    with pytest.raises(SystemExit) as ended:
        pack("pack", "--format=jpeg")
    assert ended.value.code == 2
    assert "is there already" in capsys.readouterr().err
    assert _files(sources / "pack") == packed
    assert before.items() <= _files(sources).items()


def test_two_folders_of_one_name_are_refused(sources, make_picture, capsys):
    make_picture(sources / "more" / "city" / "a.png", (96, 80))
    with pytest.raises(SystemExit) as ended:
        main([str(sources / "pack"), f"--photos={sources / 'city'}", f"--photos={sources / 'more' / 'city'}"])
    assert ended.value.code == 2
    assert "one name in the pack" in capsys.readouterr().err
