"""The published file of VQCNIR, as the key table describes it, becomes our network exactly."""

import itertools

import pytest
import torch

from lowlight_cli.checkpoints.official_vqcnir import prior_names, restorer_names, translate
from lowlight_cli.errors import WeightsError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.vqcnir.config import PUBLISHED_PRIOR
from lowlight_cli.models.vqgan.model import Vqgan


@pytest.fixture(scope="module")
def published(root):
    """Every key of the published file; each line of the table stands for all its braces can mean."""
    keys = []
    for line in (root / "tests" / "data" / "vqcnir_official_keys.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            keys += expanded(line)
    return keys


def expanded(line):
    parts = line.replace("}", "{").split("{")
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    return ["".join(chosen) for chosen in itertools.product(*choices)]


@pytest.fixture(scope="module")
def network():
    entry = MODELS["vqcnir"]
    with torch.device("meta"):
        return entry.build(entry.presets["paper"])


def official(keys, network, names):
    state = network.state_dict()
    return {key: state[names[key]] for key in keys}


def test_the_table_has_every_key_once(published):
    assert len(published) == len(set(published)) == 957
    assert set(published) == restorer_names().keys()
    assert len(set(restorer_names().values())) == 957


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("multiscale_encoder.in_conv.weight", (64, 3, 4, 4)),
        ("multiscale_encoder.blocks.2.0.weight", (256, 256, 3, 3)),
        ("multiscale_encoder.blocks.3.blks.11.conv1.weight", (512, 256, 1, 1)),
        ("multiscale_encoder.blocks.3.blks.0.conv2.weight", (512, 1, 3, 3)),
        ("multiscale_encoder.blocks.3.blks.0.sca1.conv_spatial.weight", (512, 1, 7, 7)),
        ("multiscale_encoder.blocks.3.blks.0.sca2.1.weight", (256, 512, 1, 1)),
        ("multiscale_encoder.blocks.3.blks.0.beta", (1, 256, 1, 1)),
        ("multiscale_encoder.blocks.3.blks.4.IMAC.predictA3.0.weight", (64, 192, 5, 5)),
        ("multiscale_encoder.blocks.3.blks.4.IMAC.predictA3.4.weight", (3, 64, 1, 1)),
        ("multiscale_encoder.blocks.3.blks.4.norm2.weight", (256,)),
        ("quantize_group.0.embedding.weight", (1024, 512)),
        ("decoder_group.2.block.1.weight", (64, 128, 3, 3)),
        ("main_decode.attn.Level_8.scale", (4, 1, 1)),
        ("main_decode.align_func_dict.Level_4.offset_conv2.0.weight", (256, 512, 3, 3)),
        ("main_decode.align_func_dict.Level_2.dcn.conv_offset.weight", (108, 128, 3, 3)),
        ("main_decode.align_func_dict.Level_1.dcn.weight", (64, 64, 3, 3)),
        ("main_decode.pre_upsample_dict.Level_1.1.weight", (64, 128, 3, 3)),
        ("main_decode.decoder_dict.Level_2.residual_func.weight", (128, 256, 1, 1)),
        ("out_conv.bias", (3,)),
    ],
)
def test_keys_mean_what_the_layer_tables_say(network, key, shape):
    assert tuple(network.state_dict()[restorer_names()[key]].shape) == shape


def test_the_published_file_fills_the_network(published, network):
    given = official(published, network, restorer_names())
    given["conv_semantic.0.weight"] = given["vgg_feat_extractor.features.0.weight"] = torch.empty(1)
    found = translate({"params": given})
    assert found.model == "vqcnir"
    assert found.state.keys() == network.state_dict().keys()
    assert found.dropped == ("conv_semantic.0.weight", "vgg_feat_extractor.features.0.weight")


def test_the_prior_alone_is_the_network_of_the_hq_phase(published, network):
    keys = [key for key in published if not key.startswith("main_decode.") and ".blocks.3." not in key]
    found = translate(official(keys, network, prior_names()))
    with torch.device("meta"):
        expected = Vqgan(PUBLISHED_PRIOR).state_dict()
    assert found.model == "vqgan"
    assert {k: v.shape for k, v in found.state.items()} == {k: v.shape for k, v in expected.items()}


@pytest.mark.parametrize("word", ["unknown", "missing"])
def test_strange_and_missing_keys_are_named(published, network, word):
    given = official(published, network, restorer_names())
    key = "main_decode.extra" if word == "unknown" else "main_decode.attn.Level_2.beta"
    given = (
        given | {key: torch.empty(1)} if word == "unknown" else {k: v for k, v in given.items() if k != key}
    )
    with pytest.raises(WeightsError, match=f"1 {word} key: {key}"):
        translate(given)
