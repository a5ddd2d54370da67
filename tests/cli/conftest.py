"""A model that leaves pictures as they are, and a folder of pictures for it."""

import pytest


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
