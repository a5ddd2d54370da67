"""A graph is written once it was seen to compute what the model computes."""

import json

import pytest
import torch
from torch import nn

from lowlight_cli.checkpoints import export
from lowlight_cli.checkpoints.export import ExportError, export_enhancer
from lowlight_cli.checkpoints.save import METADATA_KEY
from lowlight_cli.errors import UnavailableError, UsageError
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.tensors import Images


class Blur(Enhancer):
    """A small model: one convolution, half as bright with half the contrast."""

    supported_controls = frozenset({"contrast"})
    size_multiple = 4

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 3, padding=1)

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        return {}

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        return controls.contrast * self.convolution(images)


class Liar(Blur):
    """A model that is another one while it is exported."""

    def enhance(self, images: Images, controls: Controls, **facts: object) -> Images:
        return images if torch.compiler.is_exporting() else super().enhance(images, controls)


class OneSize(Blur):
    """A model that works for one size alone."""

    def enhance(self, images: Images, controls: Controls, **facts: object) -> Images:
        return images + torch.zeros(3, int(images.shape[2]), int(images.shape[3]))


def test_a_graph_takes_other_sizes_and_says_what_it_is(tmp_path):
    model = Blur().eval().requires_grad_(requires_grad=False)
    target = tmp_path / "blur.pt2"
    done = export_enhancer(model, Controls(contrast=0.5), "pt2", target, {"model": "blur"})
    assert (done.path, done.size_multiple, done.smallest_side) == (target, 4, 32)
    assert done.difference <= 1e-6
    assert len(done.compared) == 2
    facts = {METADATA_KEY: ""}
    graph = torch.export.load(target, extra_files=facts).module()
    images = torch.rand(3, 3, 44, 64)
    torch.testing.assert_close(graph(images), 0.5 * model.convolution(images))
    told = json.loads(facts[METADATA_KEY])
    assert told["model"] == "blur"
    assert told["controls"]["contrast"] == 0.5
    assert told["size_multiple"] == 4


class Fixed(Blur):
    """A model whose graph knows one size, which nothing tells before it is run."""

    def enhance(self, images: Images, controls: Controls, **facts: object) -> Images:
        if torch.compiler.is_exporting():
            return images.nan_to_num(posinf=float(images.shape[2]))
        return images


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Fixed, "does not take images|cannot be exported"),
        (Liar, "differs from the model"),
        (OneSize, "cannot be exported"),
    ],
    ids=str,
)
def test_a_wrong_graph_is_not_written(tmp_path, model, reason):
    target = tmp_path / "wrong.pt2"
    target.write_text("older")
    with pytest.raises(ExportError, match=reason) as caught:
        export_enhancer(model().eval(), Controls(), "pt2", target, {})
    assert caught.value.exit_code == 1
    assert target.read_text() == "older"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_control_that_a_model_lacks_is_refused(tmp_path):
    with pytest.raises(UsageError, match="--texture"):
        export_enhancer(Blur(), Controls(texture=0.5), "pt2", tmp_path / "x.pt2", {})


def test_without_the_libraries_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda _: None)
    with pytest.raises(UnavailableError, match=r"lowlight-cli\[export\]") as caught:
        export_enhancer(Blur(), Controls(), "onnx", tmp_path / "x.onnx", {})
    assert caught.value.exit_code == 7
    assert not list(tmp_path.iterdir())
