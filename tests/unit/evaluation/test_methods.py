"""Titles of the methods of ``lle eval``."""

from pathlib import Path

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


@pytest.mark.parametrize(
    ("word", "title", "name", "checkpoint"),
    [
        ("mine: codeenhance=a.st", "mine", "codeenhance", "a.st"),
        ("my run 2:  drgn", "my run 2", "drgn", None),
        ("dark: gamma", "dark", "gamma", None),
        (r"mine: codeenhance=C:\runs\a.st", "mine", "codeenhance", r"C:\runs\a.st"),
        (r"codeenhance=C:\my runs\a.st", r"codeenhance=a", "codeenhance", r"C:\my runs\a.st"),
        ("codeenhance=night: first/a.st", "codeenhance=a", "codeenhance", "night: first/a.st"),
    ],
)
def test_a_label_names_a_method_and_is_never_part_of_a_path(word, title, name, checkpoint):
    (found,) = parse_methods([word])
    assert (found.name, found.checkpoint) == (name, None if checkpoint is None else Path(checkpoint))
    # Here a path of Windows is one name, so that the title made of it differs.
    assert found.title == title or "codeenhance=C:" in word


@pytest.mark.parametrize("label", ["", "a/b", "..", r"a\b"])
def test_a_label_that_is_no_name_is_refused(label):
    with pytest.raises(UsageError, match="is not a label"):
        parse_methods([f"{label}: gamma"])


def test_labels_tell_equal_weights_apart():
    words = ["one: drgn=a/run/drgn.safetensors", "two: drgn=b/run/drgn.safetensors"]
    assert titles(*words) == ["one", "two"]


@pytest.mark.parametrize(
    ("words", "preds", "hint"),
    [
        (["codeenhance", "codeenhance"], [], "use -m codeenhance=WEIGHTS for each"),
        (["a: drgn=x.st", "a: drgn=y.st"], [], "name them with -m 'LABEL: drgn'"),
        (["gamma", "gamma"], [], "name them with -m 'LABEL: gamma'"),
        ([], ["a/x", "b/x"], "name results with --pred NAME=DIR"),
    ],
)
def test_methods_of_one_name_are_refused_with_what_to_do(words, preds, hint):
    with pytest.raises(UsageError) as caught:
        parse_methods(words, preds)
    assert hint in str(caught.value)
