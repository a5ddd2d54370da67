"""The published files of GLARE, as lists of keys and shapes, become our network exactly."""

import hashlib

import pytest
import torch

from lowlight_cli.checkpoints.official_glare import (
    DROPPED,
    enhancer_names,
    prior_names,
    read_official,
    stage_one_names,
    translate,
)
from lowlight_cli.errors import WeightsError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.vqgan.model import Vqgan

CHECKSUMS = {
    "enhancer": (824, 71_715_259, "cd55c1573cb2929776fc938ea333176cedd9059104ee81c20d75ea3acbcb30fa"),
    "prior": (275, 62_907_620, "bd9fb370fc1815b4eb6a1cfb08a681847717c635cfcd62999b0cd2154d270189"),
}


@pytest.fixture
def published(root):
    """Key to shape of both files."""

    def shapes(name):
        lines = (root / "tests" / "data" / f"glare_official_{name}_keys.tsv").read_text().splitlines()
        rows = (line.split("\t") for line in lines)
        return {key: tuple(int(side) for side in sizes.split(",") if side) for key, sizes in rows}

    return {name: shapes(name) for name in CHECKSUMS}


def blank(shapes):
    return {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}


def digest(shapes):
    lines = sorted(f"{key}\t{','.join(map(str, shape))}" for key, shape in shapes.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("name", CHECKSUMS)
def test_the_lists_are_those_of_the_published_code(published, name):
    count, scalars, checksum = CHECKSUMS[name]
    shapes = published[name]
    assert len(shapes) == count
    assert sum(torch.Size(shape).numel() for shape in shapes.values()) == scalars
    assert digest(shapes) == checksum


def test_our_names_give_back_the_published_lists(published):
    """The names of all parts together with what is dropped are every key, with our shapes."""
    entry = MODELS["glare"]
    with torch.device("meta"):
        model = entry.build(entry.presets["paper"])
        stage_one = Vqgan(entry.presets["paper"].vqgan)
    ours = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    for name, names, owner in (
        ("enhancer", enhancer_names(), ours),
        ("prior", prior_names(), ours),
        ("prior", stage_one_names(), {k: tuple(v.shape) for k, v in stage_one.state_dict().items()}),
    ):
        for theirs, own in names.items():
            assert published[name][theirs] == owner[own], theirs


def test_stage_two_has_the_published_keys(published):
    shapes = {k: v for k, v in published["enhancer"].items() if not k.startswith("deformable_decoder.")}
    assert len(shapes) == 630
    assert digest(shapes) == "462359bd5f2d8950042f8c0643ee25652973edb64601a09cf536f772876eb59c"


def test_the_network_of_stage_one_has_the_published_keys(published):
    """What is left of the first file without the networks that only its losses need."""
    for_losses = ("vgg_", "conv_semantic")
    shapes = {k: v for k, v in published["prior"].items() if not k.startswith(for_losses)}
    assert len(shapes) == 255
    assert set(shapes) == set(stage_one_names()) | set(prior_names())
    assert sum(torch.Size(shape).numel() for shape in shapes.values()) == 60_581_022
    assert digest(shapes) == "0391b888ced946061b15ccb3dde3663c4895cbfde4f463a1418342f1e2eff9f0"


def test_both_files_fill_the_network_and_nothing_is_left(published):
    found = translate(blank(published["prior"]), blank(published["enhancer"]))
    entry = MODELS["glare"]
    with torch.device("meta"):
        model = entry.build(entry.presets["paper"])
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    assert {name: tuple(tensor.shape) for name, tensor in found.state.items()} == expected
    assert len(found.state) + len(found.dropped) == 824 + 275
    for rule in DROPPED.values():
        prefix = rule.split("\\.")[0].split("(")[-1].split("|")[0]
        assert any(key.startswith(prefix) for key in found.dropped), rule


def test_the_encoder_of_stage_one_may_be_absent(published):
    prior = {key: value for key, value in published["prior"].items() if not key.startswith("encoder.")}
    assert "encoder.trunk.stem.weight" in translate(blank(prior), blank(published["enhancer"])).state


@pytest.mark.parametrize("word", ["unknown", "missing"])
def test_strange_and_missing_keys_are_named(published, word):
    enhancer = blank(published["enhancer"])
    if word == "unknown":
        enhancer["RRDB.extra"] = torch.empty(1)
    else:
        del enhancer["deformable_decoder.mix.0.w"]
    named = "RRDB.extra" if word == "unknown" else "deformable_decoder.mix.0.w"
    with pytest.raises(WeightsError, match=f"1 {word} key: {named}"):
        translate(blank(published["prior"]), enhancer)


def test_files_are_known_by_what_is_in_them(published, tmp_path):
    small = {name: {key: torch.zeros(1) for key in shapes} for name, shapes in published.items()}
    small["enhancer"] = {f"module.{key}": value for key, value in small["enhancer"].items()}
    paths = [tmp_path / "net_G.pth", tmp_path / "vqgan.pkl"]
    for path, name in zip(paths, ("enhancer", "prior"), strict=True):
        torch.save(small[name], path)
    assert read_official(paths).state.keys() == read_official(paths[::-1]).state.keys()
    with pytest.raises(WeightsError, match=r"vqgan\.pkl and net_G\.pth"):
        read_official([paths[0], paths[0]])
