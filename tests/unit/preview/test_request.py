"""Which cells a sheet has."""

from pathlib import Path

import pytest

from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.preview.request import PreviewRequest

PHOTO = (Path("night.jpg"),)
SHIPPED = [name for name, entry in MODELS.items() if not entry.hidden and entry.is_ready]


def words_of(request):
    return [" ".join(variant.words) for variant in request.variants()]


def test_without_options_all_models_with_weights_are_compared():
    assert words_of(PreviewRequest(photos=PHOTO)) == [f"--model {name}" for name in SHIPPED]


def test_with_values_of_another_option_the_usual_model_is_taken():
    request = PreviewRequest(photos=PHOTO, contrast=(0.8, 1, 0.8))
    assert words_of(request) == ["--contrast 0.8", "--contrast 1"]
    assert {variant.settings.model for variant in request.variants()} == {"codeenhance"}
    assert request.shared_words() == ()


def test_all_leaves_out_models_that_lack_a_control():
    request = PreviewRequest(photos=PHOTO, models=("all",), texture=(0.5, 1.5))
    assert {variant.settings.model for variant in request.variants()} == {"codeenhance", "glare", "vqcnir"}
    assert request.left_out() == ("drgn", "lw-drgn")


@pytest.mark.parametrize("models", [(), ("all",)])
def test_all_leaves_out_models_that_take_no_reference(models):
    request = PreviewRequest(photos=PHOTO, models=models, references=(Path("day.jpg"),))
    assert {variant.settings.model for variant in request.variants()} == {"codeenhance"}
    assert request.left_out() == ("drgn", "lw-drgn", "glare", "vqcnir")


def test_options_that_no_model_supports_together_are_named():
    request = PreviewRequest(photos=PHOTO, references=(Path("day.jpg"),), temperature=(0.5,))
    with pytest.raises(UsageError, match=r"^no model supports all of these: --temperature, --reference$"):
        request.variants()


def test_rows_are_the_first_option_and_columns_the_second():
    request = PreviewRequest(photos=PHOTO, models=("glare", "vqcnir"), texture=(0.5, 1.5))
    assert words_of(request) == [
        f"--model {model} --texture {value}" for model in ("glare", "vqcnir") for value in (0.5, 1.5)
    ]


def test_settings_of_a_cell_are_those_of_its_words():
    request = PreviewRequest(photos=PHOTO, references=(Path("a.jpg"), Path("b.jpg")), strength=(0.25,))
    first, second = (variant.settings for variant in request.variants())
    assert (first.reference, second.reference) == (Path("a.jpg"), Path("b.jpg"))
    assert first.strength == second.strength == 0.25
    assert request.shared_words() == ("--strength", "0.25")


def test_a_weights_file_needs_a_model():
    settings = EnhanceSettings(checkpoint=Path("mine.safetensors"))
    assert len(PreviewRequest(photos=PHOTO, settings=settings).variants()) == 1
    with pytest.raises(UsageError, match="name it with --model"):
        PreviewRequest(photos=PHOTO, settings=settings, models=("all",)).variants()
