"""The comparison of all models: its tables are current, and its page needs nothing else."""

import re

import numpy as np
import pytest

from lowlight_cli.models.catalog import MODELS
from lowlight_cli.preview.render import Cell, Compared
from lowlight_cli.reports.thumbnails import Region

LARGEST_PAGE = 3_000_000
LARGEST_SHEET = 600_000
SHIPPED = [name for name, entry in MODELS.items() if entry.is_ready and not entry.hidden]


@pytest.fixture(scope="module")
def compare(docs_script):
    """The module ``docs/compare.py``."""
    return docs_script("compare")


@pytest.fixture
def made_up(root):
    """A photo by two models, with a part of it at full size."""
    pixels = np.full((40, 60, 3), 90, np.uint8)
    cells = [
        Cell(words, pixels, pixels[:20, :30], 0.35) for words in ((), ("--model", "a"), ("--model", "b"))
    ]
    photo = root / "sample_images" / "dark_indoor.jpg"
    return Compared(photo, 60, 40, Region(0, 0, 20, 30), cells[0], tuple(cells[1:]))


def test_tables_are_those_of_the_result(compare):
    assert compare.WORDS.read_text() == compare.words(), "run `make compare`"


def test_every_shipped_model_is_in_every_table(compare):
    tables = compare.words().partition(compare.BEGIN)[2].split("\n\n")
    assert len([table for table in tables if "| --- |" in table]) == 1 + len(compare.SETS)
    for table in tables[:-1]:
        assert set(re.findall(r"^\| ([a-z-]+) \|", table.strip(), re.MULTILINE)) >= set(SHIPPED)


def test_the_best_numbers_are_bold_and_the_input_never_is(compare):
    column = {c.key: 0.0 for c in compare.COLUMNS.values()}
    numbers = {
        "input": column | {"psnr": 99.0, "along": 1.0},
        "glare": column | {"psnr": 20.004, "along": 1.3},
        "drgn": column | {"psnr": 20.001, "along": 0.8},
        "drgn=new": column | {"psnr": 30.0, "along": 1.0},
    }
    rows = {row[0]: row for row in compare.score_rows(numbers)}
    keys = ["", *(c.key for c in compare.COLUMNS.values())]
    psnr, edges = keys.index("psnr"), keys.index("along")
    assert [rows[name][psnr] for name in numbers] == ["99.00", "**20.00**", "**20.00**", "30.00"]
    assert [rows[name][edges] for name in numbers] == ["1.00", "1.30", "**0.80**", "1.00"]


def test_every_sample_image_is_described(compare, root):
    assert set(compare.LOOK) == {p.name for p in (root / "sample_images").iterdir() if p.suffix != ".md"}


def test_a_page_holds_its_pictures_and_the_words(compare, made_up):
    text = compare.page([made_up])
    assert text.count("data:image/jpeg;base64,") == 6
    assert "By photo" in text
    assert "<table>" in text
    assert "below" in text.lower()
    _assert_self_contained(text)


def test_a_sheet_has_a_column_for_each_method(compare, made_up):
    sheet = compare.sheet([made_up])
    assert sheet.width == 3 * (compare.CELL + compare.GAP) - compare.GAP
    assert sheet.getpixel((5, compare.LABEL + 5)) == (90, 90, 90)


def test_the_written_page_is_small_and_shows_every_sample_by_every_model(compare):
    text = compare.PAGE.read_text()
    assert len(text.encode()) < LARGEST_PAGE
    assert compare.SHEET.stat().st_size < LARGEST_SHEET
    for name in compare.LOOK:
        assert f">{name}</h3>" in text
        for model in ("original", *SHIPPED):
            assert f'alt="{name.partition(".")[0]}, {model}"' in text
    _assert_self_contained(text)


def _assert_self_contained(text):
    assert re.findall(r'<(?:img|script|link)[^>]* (?:src|href)="(?!data:)', text) == []
    assert "url(" not in text
