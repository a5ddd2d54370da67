"""A model that leaves pictures as they are, and folders of pictures for it, before a run and after one."""

import numpy as np
import pytest

from tests.cli.outcomes import check_counts, events
from tests.cli.run_records import add_entries, entry_of, save_photo
from tests.cli.short_training import NARROW
from tests.cli.turned_pictures import write_turned
from tests.conftest import dark_pixels


@pytest.fixture
def enhance(run_lle):
    """Runs ``lle enhance`` with the identity model on the CPU."""
    return lambda *arguments: run_lle("enhance", "--model", "identity", "--device", "cpu", *arguments)


@pytest.fixture
def folder(make_picture, tmp_path):
    """Three pictures in a tree, and a file that is none."""
    for name in ("a.png", "b/c.png", "b/d/e.jpg"):
        make_picture(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("notes")
    return tmp_path / "in"


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


@pytest.fixture
def run_folder(tmp_path):
    """Makes originals, results three times as bright, and their manifest; gives the folder of results."""

    def make(names, size=(90, 60), **facts):
        out = tmp_path / "out"
        (out / ".lle").mkdir(parents=True, exist_ok=True)
        for i, name in enumerate(names):
            dark = dark_pixels(size, seed=i)
            save_photo(tmp_path / "in" / name, dark)
            save_photo(out / name, (dark.astype(int) * 3).clip(0, 255).astype(np.uint8))
            add_entries(out, entry_of(name, tmp_path / "in" / name, size, **facts))
        return out

    return make


@pytest.fixture
def make_tree(make_picture, tmp_path):
    """Pictures of these names in ``tmp_path/in``."""

    def make(*names):
        for name in names:
            make_picture(tmp_path / "in" / name, size=(8, 6))
        return tmp_path / "in"

    return make


@pytest.fixture
def results(enhance, tmp_path):
    """Runs, expects success, and gives the names of the results."""

    def run(*arguments):
        done = enhance(*arguments, "-o", tmp_path / "out")
        assert done.code == 0, done.err
        paths = (
            path for path in (tmp_path / "out").rglob("*") if path.is_file() and ".lle" not in path.parts
        )
        return sorted(path.relative_to(tmp_path / "out").as_posix() for path in paths)

    return run


@pytest.fixture
def voc(tmp_path):
    """Eight pictures, one in each EXIF orientation, three of them for tests."""
    for orientation in range(1, 9):
        write_turned(tmp_path / "src" / "JPEGImages" / f"{orientation}.jpg", orientation)
    (tmp_path / "src" / "train.txt").write_text("1.jpg\n2.jpg\n3.jpg\n4.jpg\n5.jpg\n")
    (tmp_path / "src" / "test.txt").write_text("6.jpg\n7.jpg\n8.jpg\n")
    return tmp_path / "src"


@pytest.fixture
def without_config(tmp_path, monkeypatch):
    """An empty folder to be in, an empty home of configuration, and no variables."""
    monkeypatch.delenv("LLE_DEVICE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def train_photos(run_lle, tmp_path):
    """Takes one step of stage I on the photos in ``photos``."""

    def train(*words):
        photos = () if "--data" in words else ("--data", tmp_path / "photos")
        return run_lle(
            "train", "vqgan", "-o", tmp_path / "run", *photos, *NARROW, "--set", "critic_width=4", *words
        )

    return train
