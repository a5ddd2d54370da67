"""Makes the dark pictures of ``sample_images/`` from CC0 photos, all but one of which are well lit.

Needs a folder with the whole views of the Budgie desktop backgrounds, ``<name>_full.webp``.

    python benchmarks/make_sample_images.py PHOTOS sample_images
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from lowlight_cli.datasets.config import MEASURED, Camera, DarkeningSettings, Spread
from lowlight_cli.datasets.darken import draw_conditions, photograph

Values = NDArray[np.float32]
"""One picture, (h, w, 3) in [0, 1]."""

TURNED = 0x0112
QUALITY = 88


@dataclass(frozen=True, slots=True)
class Scene:
    """One sample: which photo, how large, how dark, and how it is written.

    Without a camera the photo stays as it is: it was dark already.
    """

    name: str
    photo: str
    size: tuple[int, int]
    camera: Camera | None
    write: Callable[[Values, Path], None]


def main() -> None:
    """Writes all samples into the folder given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for seed, scene in enumerate(SCENES):
        clean = cut(arguments.photos / f"{scene.photo}_full.webp", scene.size)
        path = arguments.out / scene.name
        scene.write(taken(clean, scene.camera, seed) if scene.camera else clean, path)
        print(f"{path}  {path.stat().st_size / 1000:.0f} kB")


def camera(stops: float, *, noise: float = 1.0, warmth: float = 1.0, pedestal: float = 2e-4) -> Camera:
    """A camera at night.

    Args:
        stops: How many times the light is halved.
        noise: Read noise in units of 3e-4, shot noise in the square of it.
        warmth: Gain of red; blue gets its inverse.
        pedestal: Offset of black in linear light.
    """
    return Camera(
        exposure=Spread(median=2**-stops),
        headroom=Spread(median=3.0),
        cast=Spread(median=warmth),
        shot=Spread(median=1e-4 * noise**2),
        read=Spread(median=3e-4 * noise),
        speckle=Spread(median=0.01),
        grain=Spread(median=0.25),
        blotch=Spread(median=0.25),
        pedestal=Spread(median=pedestal),
        contrast=Spread(median=1.0),
    )


def cut(path: Path, size: tuple[int, int]) -> Values:
    """Middle of a photo in the shape of ``size``, scaled to it."""
    photo = Image.open(path).convert("RGB")
    scale = min(photo.width / size[0], photo.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    left, top = (photo.width - width) / 2, (photo.height - height) / 2
    scaled = photo.resize(size, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))
    return np.asarray(scaled, np.float32) / 255


def taken(clean: Values, night: Camera, seed: int) -> Values:
    """The photo as ``night`` takes it."""
    generator = torch.Generator().manual_seed(seed)
    settings = DarkeningSettings(measured=night, wide=night, jpeg_share=0.0)
    conditions = draw_conditions(1, settings, generator)
    conditions.cast[:, 2] = 1 / conditions.cast[:, 0]
    images = torch.from_numpy(clean).permute(2, 0, 1)[None]
    return photograph(images, conditions, settings, generator)[0].permute(1, 2, 0).numpy()


def in_8_bits(values: Values) -> Image.Image:
    """The picture in 8 bits per channel."""
    return Image.fromarray((values * 255).round().astype(np.uint8))


def write_plain(values: Values, path: Path) -> None:
    """Writes 8-bit RGB in the format of the name."""
    in_8_bits(values).save(path, quality=QUALITY, optimize=True)


def write_gray(values: Values, path: Path) -> None:
    """Writes one channel."""
    in_8_bits(values).convert("L").save(path, optimize=True)


def write_transparent(values: Values, path: Path) -> None:
    """Writes RGBA, transparent outside of an ellipse with a soft edge."""
    height, width = values.shape[:2]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    alpha = ((1 - np.hypot(rows, columns)) * 8).clip(0, 1)
    picture = in_8_bits(values)
    picture.putalpha(Image.fromarray((alpha * 255).round().astype(np.uint8)))
    picture.save(path, optimize=True)


def write_turned(values: Values, path: Path) -> None:
    """Writes the picture lying on its side, with the EXIF mark that sets it upright (6)."""
    exif = Image.Exif()
    exif[TURNED] = 6
    in_8_bits(values).transpose(Image.Transpose.ROTATE_90).save(path, quality=QUALITY, exif=exif)


def write_deep(values: Values, path: Path) -> None:
    """Writes 16 bits per channel."""
    deep = (values * 65535).round().astype(np.uint16)
    cv2.imwrite(str(path), np.ascontiguousarray(deep[..., ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def fixed(night: Camera) -> Camera:
    """The medians of a camera, without their spread."""
    return Camera(**{name: Spread(median=getattr(night, name).median) for name in Camera.model_fields})


SCENES = (
    Scene("dark_indoor.jpg", "the-spices-of-life", (600, 400), camera(5, noise=1.2, warmth=1.1), write_plain),
    Scene("backlit.jpg", "beacon-street-sunset", (640, 360), camera(3.5), write_plain),
    Scene("odd_size.png", "orange-hallway", (383, 255), fixed(MEASURED), write_plain),
    Scene("grey.png", "perched-osprey", (320, 180), camera(4, noise=1.3), write_gray),
    Scene("transparent.png", "budgie-branch", (240, 160), camera(3.5), write_transparent),
    Scene("turned.jpg", "kitten-on-lawn", (400, 500), camera(4, noise=1.2, warmth=1.05), write_turned),
    Scene("deep_16_bit.png", "motherboard-circuits", (150, 100), camera(5, noise=0.8), write_deep),
    Scene("street_8_megapixels.jpg", "taipei-city", (3504, 2336), camera(3.5, noise=1.1), write_plain),
    Scene("fire_at_night.jpg", "spiral-firework", (640, 426), None, write_plain),
)

if __name__ == "__main__":
    main()
