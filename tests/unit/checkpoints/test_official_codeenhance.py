"""Import of published weights, on a state made from the list of its 854 keys."""

import csv
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lowlight_cli.checkpoints.official_codeenhance import DROPPED, enhancer_names, read_official, translate
from lowlight_cli.errors import WeightsError
from lowlight_cli.models.codeenhance.config import PRESETS
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.vqgan.config import PRESETS as VQGAN_PRESETS
from lowlight_cli.models.vqgan.model import Vqgan

KEY_LIST = Path(__file__).parents[2] / "data" / "codeenhance_official_keys.tsv"
PRIOR = ("multiscale_encoder.", "before_quant_group.", "after_quant_group.", "decoder_group.", "out_conv.")
EMBEDDING, SHIFT = "quantize_group.0.embedding.weight", "quantize_group.0.shift_codebook"


@pytest.fixture(scope="module")
def official() -> dict[str, Tensor]:
    """Tensors of the published names and shapes that hold nothing."""
    state = {}
    with KEY_LIST.open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            shape = () if row["shape"] == "scalar" else tuple(map(int, row["shape"].split("x")))
            state[row["key"]] = torch.empty(shape, dtype=getattr(torch, row["dtype"]), device="meta")
    assert len(state) == 854
    return state


@pytest.fixture
def prior(official: dict[str, Tensor]) -> dict[str, Tensor]:
    """The part of the state that a file of stage I holds."""
    return {key: value for key, value in official.items() if key.startswith(PRIOR) or key == EMBEDDING}


def test_every_key_is_used_once_or_dropped_by_rule(official: dict[str, Tensor]) -> None:
    translated = translate(official)
    names = enhancer_names()
    assert translated.model == "codeenhance"
    assert len(translated.dropped) == 36 + 50
    assert names.keys() | set(translated.dropped) == official.keys()
    assert not names.keys() & set(translated.dropped)
    assert len(set(names.values())) == len(names) == len(translated.state) == 854 - 86
    for theirs, ours in names.items():
        assert translated.state[ours] is official[theirs]


def test_the_published_number_of_parameters_is_imported(official: dict[str, Tensor]) -> None:
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    state = translate(official).state
    assert sum(value.numel() for name, value in state.items() if not name.endswith(buffers)) == 39_591_939


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("multiscale_encoder.blocks.1.2.conv.3.norm.bias", "encoder.stages.1.res.1.norm2.bias"),
        ("decoder_group.1.block.3.conv.5.weight", "decoder.stages.1.res.1.conv2.weight"),
        ("quantize_group.0.shift_codebook", "codebook.shift"),
        ("fuse_convs_dict.128.encode_enc2.conv_out.weight", "ift.1.fuse_style.skip.weight"),
        ("fuse_convs_dict.64.shift.2.bias", "ift.0.shift.1.bias"),
        ("fuse_semantic_encode.0.weight", "sem.fuse.weight"),
        (
            "context_module.swin_blks.3.residual_group.blocks.5.attn.relative_position_bias_table",
            "sem.trunk.3.blocks.5.attn.bias_table",
        ),
        (
            "seg_feat_extractor.segnet.backbone.high_level_features.17.conv.3.running_var",
            "semantic.features.17.conv.3.running_var",
        ),
    ],
)
def test_names_follow_the_documented_table(theirs: str, ours: str) -> None:
    assert enhancer_names()[theirs] == ours


def test_published_network_is_filled_completely(official: dict[str, Tensor]) -> None:
    with torch.device("meta"):
        model = CodeEnhance(PRESETS["paper"])
    model.load_state_dict(translate(official).state, strict=True)


def test_published_prior_is_filled_completely(prior: dict[str, Tensor]) -> None:
    with torch.device("meta"):
        model = Vqgan(VQGAN_PRESETS["paper"])
    model.load_state_dict(translate(prior).state, strict=True)


def test_wrapper_and_prefix_are_removed(official: dict[str, Tensor]) -> None:
    wrapped = {"params": {f"module.{key}": value for key, value in official.items()}}
    assert translate(wrapped) == translate(official)


def test_file_of_stage_one_gives_the_prior(prior: dict[str, Tensor]) -> None:
    extra = (
        "residual_conv.0.weight",
        "conv_semantic.0.bias",
        "vgg_feat_extractor.mean",
        "quantize_group.0.weight",
    )
    translated = translate(prior | {key: torch.zeros(1) for key in extra})
    assert translated.model == "vqgan"
    assert translated.dropped == extra
    assert sum(value.numel() for value in translated.state.values()) == 6_271_811
    assert "codebook.shift" not in translated.state


def test_variant_without_shift_gets_a_shift_of_zero(official: dict[str, Tensor]) -> None:
    guidance = {
        "conv_semantic.0.weight": torch.zeros(512, 512, 3, 3),
        "vgg_feat_extractor.mean": torch.zeros(3),
    }
    without = {key: value for key, value in official.items() if key != SHIFT} | guidance
    without[EMBEDDING] = torch.ones(1024, 512)
    translated = translate(without)
    assert translated.model == "codeenhance"
    assert translated.state["codebook.shift"].shape == (1024, 512)
    assert not translated.state["codebook.shift"].any()
    assert set(guidance) <= set(translated.dropped)


def test_unknown_and_missing_keys_are_listed(official: dict[str, Tensor]) -> None:
    other = {key: value for key, value in official.items() if key != "out_conv.bias"} | {
        "head": torch.zeros(1)
    }
    with pytest.raises(WeightsError, match=r"1 unknown key: head; 1 missing key: out_conv\.bias$"):
        translate(other)


@pytest.mark.parametrize("content", [{"params": 3}, {"params": {"out_conv.bias": "text"}}, {}])
def test_other_content_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(WeightsError):
        translate(content)


def test_each_rule_for_dropping_is_needed(official: dict[str, Tensor]) -> None:
    keys = [*official, "conv_semantic.0.weight", "residual_conv.0.weight"]
    for reason, rule in DROPPED.items():
        assert any(re.fullmatch(rule, key) for key in keys), reason


def test_file_is_read_without_running_it(prior: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "prior.pth"
    torch.save({"params": {key: torch.zeros(value.shape) for key, value in prior.items()}}, path)
    assert read_official(path).model == "vqgan"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no weights",
        b"junk\n",
        b"\x80\x02garbage",
        b"\x80\x02X\x01\x00\x00\x00\xff.",
        b"\x80\x020.",
        b"\x80\x02M.",
    ],
    ids=["empty", "text", "junk", "no pickle", "no text", "empty stack", "cut number"],
)
def test_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged.pth"
    path.write_bytes(content)
    with pytest.raises(
        WeightsError, match=r"cannot read weights from .*: it is damaged, no file of torch.save"
    ):
        read_official(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read weights from .*: .*No such file"):
        read_official(tmp_path / "none.pth")


def test_pickled_object_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "object.pth"
    torch.save({"params": tmp_path}, path)
    with pytest.raises(WeightsError, match="cannot read weights"):
        read_official(path)
