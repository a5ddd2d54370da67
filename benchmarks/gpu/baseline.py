"""The simplest program that does the same: OpenCV in, the model, OpenCV out, one photo after the other."""

import time
from pathlib import Path

import cv2
import torch
from torch.nn.functional import pad

from gpu.ceilings import small_photos
from gpu.check import Bench, Found
from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.device import FP32
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer

_WARM_UP = 5
_MOST = 100


def baseline(bench: Bench, _seconds: float) -> Found:
    """Photos per second in float32, as PyTorch's examples are written: channels first, nothing at once."""
    model = load_enhancer("codeenhance", device=bench.device)
    out = bench.folder / "baseline"
    out.mkdir()
    photos = sorted(small_photos(bench).iterdir())[:_MOST]
    with torch.inference_mode(), FP32.on(bench.device):
        for photo in photos[:_WARM_UP]:
            _enhance(model, photo, out, bench.device)
        begin = time.perf_counter()
        for photo in photos:
            _enhance(model, photo, out, bench.device)
    yield "photos_s", len(photos) / (time.perf_counter() - begin)


def _enhance(model: Enhancer, photo: Path, out: Path, device: torch.device) -> None:
    read = cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB)
    height, width, _ = read.shape
    images = torch.from_numpy(read).to(device).permute(2, 0, 1)[None].float() / 255
    multiple = model.size_multiple
    images = pad(images, (0, -width % multiple, 0, -height % multiple), mode="replicate").contiguous()
    result = model.enhance(images, Controls())[0, :, :height, :width].clamp(0, 1)
    pixels = result.mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    cv2.imwrite(str(out / photo.name), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
