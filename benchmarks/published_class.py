"""The paper preset of CodeEnhance against the class that its authors published, with the same weights.

Takes a checkout of https://github.com/csxuwu/CodeEnhance; nothing of it is part of this repository. Weights
are random, in fp32 on the CPU. Both take turns, and the least time of each counts.

    python benchmarks/published_class.py ../CodeEnhance --machine laptop --repeats 3
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import torch
from timing import write_result
from torch import Tensor, nn

from lowlight_cli.checkpoints.official_codeenhance import translate
from lowlight_cli.models.codeenhance.config import PRESETS
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.controls import Controls


def main() -> None:
    """Measures both, prints the ratio and writes the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--size", default="608x416", help="width x height, multiples of 32")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    theirs, ours = published_class(arguments.checkout), CodeEnhance(PRESETS["paper"]).eval()
    ours.load_state_dict(translate(theirs.state_dict()).state)
    ours.to(memory_format=torch.channels_last)
    width, height = map(int, arguments.size.split("x"))
    image = 0.3 * torch.rand(1, 3, height, width)
    ways: dict[str, Callable[[], Tensor]] = {
        "theirs": lambda: theirs.encode_and_decode(image)["out_img"].clamp(0, 1),
        "ours": lambda: ours.enhance(image.contiguous(memory_format=torch.channels_last), Controls()),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    results: dict[str, Tensor] = {}
    with torch.inference_mode():
        for _ in range(arguments.repeats):
            for name, run in ways.items():
                start = time.perf_counter()
                results[name] = run()
                seconds[name].append(time.perf_counter() - start)
    least = {f"{name}_s": min(each) for name, each in seconds.items()}
    difference = float((results["theirs"] - results["ours"]).abs().max())
    case = {**least, "ratio": least["theirs_s"] / least["ours_s"], "largest_difference": difference}
    print(case)
    print(write_result("published_class", "cpu", arguments.machine, {"codeenhance paper": case}))


def published_class(checkout: Path) -> nn.Module:
    """The authors' network with random weights; parts that they import and it does not need are replaced."""
    for name in ("basicsr", "basicsr.archs", "basicsr.utils", "basicsr.archs.CodeEnhance"):
        _module(name).__path__ = [str(checkout / name.replace(".", "/"))]
    _module("basicsr.utils.registry", ARCH_REGISTRY=_Registry())
    for name in ("timm", "timm.models"):
        _module(name)
    _module(
        "timm.models.layers",
        DropPath=lambda rate=0.0: nn.Identity(),
        to_2tuple=lambda value: value if isinstance(value, tuple) else (value, value),
        trunc_normal_=nn.init.trunc_normal_,
    )
    from basicsr.archs import Segs

    Segs.backbone.mobilenetv2.load_state_dict_from_url = _stop_download
    _module("basicsr.archs.Segs.seg_arg", SegFeatureExtractor=_Backbone)
    from basicsr.archs.CodeEnhance.CodeEnhance_arch import CodeEnhance_arch

    network: nn.Module = CodeEnhance_arch(codebook_params=[[64, 1024, 512]], LQ_stage=True, seg_cfg={})
    return network.eval()


class _Registry:
    """Takes the place of their list of networks."""

    def register(self) -> Callable[[type], type]:
        """A decorator that does nothing."""
        return lambda network: network


class _Backbone(nn.Module):
    """Their semantic network without pretrained weights."""

    def __init__(self, cfg: dict[str, object]) -> None:
        super().__init__()
        from basicsr.archs import Segs

        self.segnet = Segs.modeling._segm_mobilenet(
            "deeplabv3plus", "mobilenetv2", 21, output_stride=16, pretrained_backbone=False
        )

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Features of the images."""
        features: dict[str, Tensor] = self.segnet.backbone(images)
        return features


def _stop_download(*arguments: object, **options: object) -> None:
    raise RuntimeError("weights are not downloaded")


def _module(name: str, **content: object) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


if __name__ == "__main__":
    main()
