"""Titles of the methods of ``lle eval``."""

import pytest

from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.methods import parse_methods


def titles(*models: str) -> list[str]:
    return [each.title for each in parse_methods(models)]


def test_weights_are_called_by_their_file():
    assert titles("drgn=runs/first/drgn.safetensors", "drgn") == ["drgn=drgn", "drgn"]


def test_weights_of_one_file_name_are_called_by_their_folders():
    words = (
        "drgn=runs/first/drgn.safetensors",
        "drgn=runs/second/drgn.safetensors",
        "drgn=other.safetensors",
    )
    assert titles(*words) == ["drgn=first-drgn", "drgn=second-drgn", "drgn=other"]


def test_what_folders_do_not_tell_apart_is_refused():
    with pytest.raises(UsageError, match="two of the methods"):
        titles("drgn=a/run/drgn.safetensors", "drgn=b/run/drgn.safetensors")
