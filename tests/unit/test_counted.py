"""A number with its noun."""

import pytest

from lowlight_cli.counted import counted


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 images"), (1, "1 image"), (2, "2 images"), (1234, "1,234 images")]
)
def test_the_noun_follows_the_count(count: int, text: str) -> None:
    assert counted(count, "image") == text


def test_an_irregular_plural_is_given() -> None:
    assert [counted(count, "other file", "others") for count in (1, 3)] == ["1 other file", "3 others"]
