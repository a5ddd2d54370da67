"""Settings out of range are errors that name the setting, with neither prefix nor empty key."""

import pytest

from lowlight_cli.errors import SettingsError
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.config import DataSettings, Source
from lowlight_cli.training.settings import merged
from lowlight_cli.training.source_text import split_weight

VQGAN = RECIPES["vqgan"].settings_class()


@pytest.mark.parametrize(
    "assignment",
    [
        *("model.code_count=0", "model.encoder_channels=[0,8,8]", "model.groups=-1", "model.stem_channels=0"),
        *("optimizer.betas=[2,3]", "optimizer.betas=[0.9,1.0]", "optimizer.betas=[nan,0.9]"),
        *("optimizer.learning_rate=inf", "optimizer.critic_rate=inf", "optimizer.learning_rate=nan"),
    ],
)
def test_settings_out_of_range_are_refused(assignment):
    with pytest.raises(SettingsError, match=rf"^settings: {assignment.partition('=')[0]}"):
        merged(VQGAN, None, {}, [assignment])


@pytest.mark.parametrize("name", ["vqgan", "codeenhance", "vqcnir", "drgn-degradation"])
def test_a_discriminator_has_channels(name):
    with pytest.raises(SettingsError, match="critic_width"):
        merged(RECIPES[name].settings_class(), None, {}, ["critic_width=0"])


def test_errors_of_the_whole_have_no_empty_key():
    with pytest.raises(SettingsError, match=r"^settings: run\.compile: the networks of this recipe cannot"):
        merged(RECIPES["drgn-degradation"].settings_class(), None, {"run.compile": True}, [])


def test_a_share_that_is_no_number_is_named(tmp_path):
    odd = tmp_path / "odd"
    odd.mkdir()
    for share in ("abc", "0", "-1", "inf", ""):
        with pytest.raises(SettingsError, match=f"the share '{share}' in '{odd}={share}' is not a number"):
            DataSettings(photos=(f"{odd}={share}",))
    assert split_weight(f"{odd}=2") == (str(odd), 2.0)
    assert split_weight("a=b") == ("a=b", None)
    (tmp_path / "odd=abc").mkdir()
    assert Source.model_validate(f"{odd}=abc").folder == tmp_path / "odd=abc"
