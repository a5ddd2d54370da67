import re

import pytest

from lowlight_cli.reports.detection_page import detection_page


@pytest.fixture
def document():
    split = {
        "pictures": 3,
        "empty_pictures": 1,
        "boxes": 5,
        "classes": {"<b>cat</b>": 4, "dog": 1},
        "pictures_with": {},
        "sizes": [0, 0, 1, 4, 0, 0, 0],
        "places": [[0.0, 1.0], [0.5, 0.25]],
    }
    return {
        "form": "voc",
        "to": "yolo",
        "classes": ["<b>cat</b>", "dog", "cow"],
        "pictures": 3,
        "boxes": 5,
        "changes": {"clipped": 2, "empty": 0, "repeated": 0, "turned": 0, "guessed": 0},
        "errors": ["a.xml:3: unknown class '<script>alert(1)</script>'"],
        "splits": {"train": split},
        "size_borders": [0.02, 0.05, 0.1, 0.2, 0.4, 0.7],
        "light": {"train": {"original": [0.9, 0.1], "enhanced": [0.4, 0.6]}},
    }


def test_the_page_tells_the_numbers_and_needs_nothing_else(document):
    page = detection_page(document, {"train": b"\xff\xd8jpeg"}, title="night")

    assert "2 boxes clipped" in page
    assert "80.0 %" in page
    assert page.count("<rect") == 4
    assert "cow" not in page  # no box
    assert set(re.findall(r'(?:src|href)="(?!data:|#)([^"]*)', page)) == {"preview_train.jpg"}


def test_the_page_is_named_after_the_folder_and_links_its_previews(document):
    page = detection_page(document, {"train": b"\xff\xd8jpeg"}, title="night yolo")

    assert "<h1>night yolo</h1>" in page
    assert "<title>night yolo" in page
    assert 'href="#preview-1"' in page
    assert 'id="preview-1"' in page
    assert 'loading="lazy"' not in page


def test_names_from_files_are_only_text(document):
    page = detection_page(document, {}, title="night")

    assert "<script>alert(1)" not in page
    assert "&lt;b&gt;cat" in page


def test_a_set_without_pictures_has_no_light(document):
    document["light"] = {"train": {}}

    assert 'id="light"' not in detection_page(document, {}, title="night")
