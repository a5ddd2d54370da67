"""Writes WebP, AVIF and GIF, still and animated, with 8 bits per channel."""

from io import BytesIO

from PIL import Image, features

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.avif_boxes import with_codes
from lowlight_cli.images.codecs.prepare_output import Content
from lowlight_cli.images.metadata.policy import Metadata
from lowlight_cli.images.picture import Samples
from lowlight_cli.images.settings import WriteSettings

_MAX_LOOPS = 65_535
"""In GIF and WebP, whose loop count has 16 bits."""


def write_webp_file(content: Content, settings: WriteSettings) -> bytes:
    """A WebP; the colors of fully transparent pixels are kept."""
    options: dict[str, object] = {"quality": settings.quality, "exact": True}
    return _saved(content, "WEBP", icc_profile=content.icc, **options, **_timing(content))


def write_avif_file(content: Content, settings: WriteSettings, metadata: Metadata) -> bytes:
    """An AVIF with its metadata.

    Args:
        content: The frames to write.
        settings: Quality.
        metadata: EXIF and XMP are written; AVIF cannot hold IPTC.

    Raises:
        ImageError: ``unsupported``: this build of Pillow has no AVIF encoder.
    """
    if not features.check("avif"):
        message = "this installation of Pillow cannot write AVIF; choose another --format or reinstall Pillow"
        raise ImageError("unsupported", message)
    blocks = {"exif": metadata.exif, "xmp": metadata.xmp}
    options: dict[str, object] = {name: block for name, block in blocks.items() if block}
    encoded = _saved(
        content, "AVIF", quality=settings.quality, icc_profile=content.icc, **options, **_timing(content)
    )
    return encoded if content.codes is None else with_codes(encoded, content.codes)


def write_gif_file(content: Content) -> bytes:
    """A GIF with 256 colors per frame; pixels are opaque or fully transparent."""
    options = _timing(content)
    times = 1 if content.loop is None else content.loop
    if times == 1:
        options.pop("loop", None)  # a GIF without a loop count plays once
    elif "loop" in options:
        # A GIF counts the repetitions after the first play; 0 means for ever here, too.
        options["loop"] = min(max(times - 1, 0), _MAX_LOOPS)
    # Frames cover the whole canvas, so the last one must be cleared where the next is transparent.
    disposal = 2 if content.samples[0].shape[2] in (2, 4) else 0
    return _saved(content, "GIF", disposal=disposal, optimize=False, **options)


def _timing(content: Content) -> dict[str, object]:
    """Pillow's options for an animation; empty for a single frame."""
    if len(content.samples) == 1:
        return {}
    durations = [duration or 0 for duration in content.durations_ms]
    return {"duration": durations, "loop": 1 if content.loop is None else min(content.loop, _MAX_LOOPS)}


def _saved(content: Content, pillow_name: str, **options: object) -> bytes:
    """A file encoded by Pillow.

    Args:
        content: The frames to write.
        pillow_name: Pillow's name of the format.
        options: Pillow's options for that format.
    """
    images = [_image(samples) for samples in content.samples]
    if len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:]}
    file = BytesIO()
    images[0].save(file, pillow_name, **options)
    return file.getvalue()


def _image(samples: Samples) -> Image.Image:
    """The samples, uint8 (h, w, channels), as Pillow's image."""
    return Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
