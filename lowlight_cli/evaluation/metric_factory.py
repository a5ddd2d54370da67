"""From the name of a metric and a protocol to a function of pictures."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch

from lowlight_cli.checkpoints.load_lpips import load_lpips
from lowlight_cli.errors import LowlightError
from lowlight_cli.evaluation.catalog import MetricEntry
from lowlight_cli.evaluation.color_space import seen
from lowlight_cli.evaluation.fsim import feature_similarity
from lowlight_cli.evaluation.pixel_metrics import mean_absolute_error, multi_scale_ssim, psnr, ssim
from lowlight_cli.evaluation.protocols import Protocol, Space, View
from lowlight_cli.losses.learned_perceptual import Backbone
from lowlight_cli.tensors import Images, PerImage

Compare = Callable[[Images, Images], PerImage]
"""A metric with a reference: pictures and references of one shape, sRGB in [0, 1]."""

Rate = Callable[[Images], PerImage]
"""A metric without a reference."""


class NoScoreError(LowlightError):
    """A picture that a metric cannot measure; the message says why."""


def build_comparison(
    entry: MetricEntry, protocol: Protocol, files: Mapping[str, Path], device: torch.device
) -> Compare:
    """The metric as a function of pictures and references.

    Args:
        entry: A metric that needs a reference.
        protocol: How it is computed.
        files: Paths of its files by their published names.
        device: Where its weights go.

    Raises:
        WeightsError: A file does not fit.
        UnavailableError: It needs pyiqa, which cannot be imported.
    """
    if entry.name in ("lpips", "lpips-vgg", "dists"):
        return _network(entry, protocol, files, device)
    floor, clips = protocol.error_floor, protocol.clips_structure
    pixels = View(rounds_pixels=protocol.rounds_pixels)
    table: dict[str, Compare] = {
        "psnr": partial(psnr, view=protocol.psnr, error_floor=floor),
        "psnr_y": partial(psnr, view=protocol.psnr_y, error_floor=floor),
        "ssim": partial(ssim, view=protocol.ssim, clips_structure=clips),
        "ssim_y": partial(ssim, view=protocol.ssim_y, clips_structure=clips),
        "ssim_rgb": partial(ssim, clips_structure=clips),
        "mae": partial(mean_absolute_error, view=protocol.mae),
        "ms_ssim": partial(multi_scale_ssim, rounds_pixels=protocol.rounds_pixels),
        "fsim": partial(feature_similarity, view=pixels, chromatic=protocol.chromatic_fsim),
        "fsimc": partial(feature_similarity, view=pixels, chromatic=True),
    }
    return table[entry.name]


def build_rating(
    entry: MetricEntry, protocol: Protocol, files: Mapping[str, Path], device: torch.device
) -> Rate:
    """The metric as a function of pictures alone.

    Raises:
        WeightsError: A file does not fit.
        UnavailableError: It needs pyiqa, which cannot be imported.
    """
    from lowlight_cli.evaluation.pyiqa_metrics import build_pyiqa_rating

    rate = build_pyiqa_rating(entry.name, files, device)
    view = View(Space.RGB, rounds_pixels=protocol.rounds_pixels)
    return lambda images: rate(seen(images, view).float())


def _network(
    entry: MetricEntry, protocol: Protocol, files: Mapping[str, Path], device: torch.device
) -> Compare:
    view = View(Space.RGB, rounds_pixels=protocol.rounds_pixels)
    if entry.backend == "pyiqa":
        from lowlight_cli.evaluation.pyiqa_metrics import build_pyiqa_comparison

        compare = build_pyiqa_comparison(entry.name, files, device)
    else:
        backbone, heads = (files[name] for name in entry.files)
        kind: Backbone = "vgg" if entry.name == "lpips-vgg" else "alex"
        compare = load_lpips(backbone, heads, kind).to(device).distances
    return lambda images, references: compare(seen(images, view).float(), seen(references, view).float())
