"""Names of formats, and the format of an output."""

from pathlib import Path

import pytest

from lowlight_cli.images.formats import FORMATS, format_of, result_format


def test_no_suffix_belongs_to_two_formats():
    suffixes = [suffix for form in FORMATS.values() for suffix in form.suffixes]
    assert len(suffixes) == len(set(suffixes)) > 30
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in suffixes)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.JPG", "jpg"),
        ("a.Jpeg", "jpg"),
        ("a.MPO", "jpg"),
        ("a.NEF", "raw"),
        ("a.heic", "heif"),
        ("a.jxl", None),
        ("a", None),
    ],
)
def test_the_end_of_a_name_stands_for_a_format(name, form):
    assert format_of(Path(name)) == form


@pytest.mark.parametrize("source", FORMATS)
def test_results_can_be_written(source):
    assert FORMATS[result_format(source, None)].is_written
    assert result_format(source, "png") == "png"


def test_what_is_never_written_becomes_jpeg_or_deep_tiff():
    assert [result_format("raw", None, sixteen_bit=deep) for deep in (False, True)] == ["jpg", "tiff"]
    assert [result_format("heif", None, sixteen_bit=deep) for deep in (False, True)] == ["jpg", "tiff"]
    assert result_format("gif", None, sixteen_bit=True) == "gif"
