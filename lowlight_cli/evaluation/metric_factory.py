"""Builds the function that computes a metric under a protocol."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch

from lowlight_cli.checkpoints.load_lpips import load_lpips
from lowlight_cli.evaluation.catalog import MetricEntry
from lowlight_cli.evaluation.color_space import view_images
from lowlight_cli.evaluation.fsim import feature_similarity
from lowlight_cli.evaluation.metric_types import Compare, Rate
from lowlight_cli.evaluation.pixel_metrics import mean_absolute_error, multi_scale_ssim, psnr, ssim
from lowlight_cli.evaluation.protocols import Protocol, Space, View
from lowlight_cli.evaluation.pyiqa_metrics import build_pyiqa_comparison, build_pyiqa_rating
from lowlight_cli.losses.learned_perceptual import Backbone


def build_comparison(
    entry: MetricEntry, protocol: Protocol, files: Mapping[str, Path], device: torch.device
) -> Compare:
    """The metric as a function of images and references.

    Args:
        entry: A metric that needs a reference.
        protocol: How it is computed.
        files: Paths of its files by their published names.
        device: Where its weights go.

    Raises:
        WeightsError: A file is not of this metric.
        UnavailableError: It needs pyiqa, and pyiqa cannot be imported.
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
    """The metric as a function of images alone.

    Raises:
        WeightsError: A file is not of this metric.
        UnavailableError: It needs pyiqa, and pyiqa cannot be imported.
    """
    rate = build_pyiqa_rating(entry.name, files, device)
    view = View(Space.RGB, rounds_pixels=protocol.rounds_pixels)
    return lambda images: rate(view_images(images, view).float())


def _network(
    entry: MetricEntry, protocol: Protocol, files: Mapping[str, Path], device: torch.device
) -> Compare:
    view = View(Space.RGB, rounds_pixels=protocol.rounds_pixels)
    if entry.backend == "pyiqa":
        compare = build_pyiqa_comparison(entry.name, files, device)
    else:
        backbone, heads = (files[name] for name in entry.files)
        kind: Backbone = "vgg" if entry.name == "lpips-vgg" else "alex"
        compare = load_lpips(backbone, heads, kind).to(device).distances
    return lambda images, references: compare(
        view_images(images, view).float(), view_images(references, view).float()
    )
