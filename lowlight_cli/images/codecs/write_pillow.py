"""Samples -> JPEG, WebP, AVIF and GIF, single pictures and animations, 8 bits."""

from io import BytesIO

from PIL import Image, features

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.avif_boxes import with_codes
from lowlight_cli.images.codecs.prepare_output import Content
from lowlight_cli.images.metadata.policy import Metadata
from lowlight_cli.images.settings import WriteSettings

_SUBSAMPLINGS = {"444": 0, "422": 1, "420": 2}
_MAX_LOOPS = 65_535
"""Of GIF and WebP, which count them in 16 bits."""


def write_jpeg_file(content: Content, settings: WriteSettings, source: str | None) -> bytes:
    """A JPEG.

    Args:
        content: One frame.
        settings: Quality and subsampling.
        source: Subsampling of the file that was read; None for another format.
    """
    wanted = source if settings.subsampling == "keep" else settings.subsampling
    subsampling = _SUBSAMPLINGS[wanted or "444"]
    return _saved(content, "JPEG", quality=settings.quality, subsampling=subsampling, icc_profile=content.icc)


def write_webp_file(content: Content, settings: WriteSettings) -> bytes:
    """A WebP; what opacity hides is kept as it is."""
    options: dict[str, object] = {"quality": settings.quality, "exact": True}
    return _saved(content, "WEBP", icc_profile=content.icc, **options, **_timing(content))


def write_avif_file(content: Content, settings: WriteSettings, metadata: Metadata) -> bytes:
    """An AVIF with its metadata.

    Args:
        content: What to write.
        settings: Quality.
        metadata: Blocks; there is no place for IPTC.

    Raises:
        ImageError: ``unsupported``: this build of Pillow has no AVIF.
    """
    if not features.check("avif"):
        raise ImageError("unsupported", "this installation of Pillow cannot write AVIF")
    blocks = {"exif": metadata.exif, "xmp": metadata.xmp}
    options: dict[str, object] = {name: block for name, block in blocks.items() if block}
    encoded = _saved(
        content, "AVIF", quality=settings.quality, icc_profile=content.icc, **options, **_timing(content)
    )
    return encoded if content.codes is None else with_codes(encoded, content.codes)


def write_gif_file(content: Content) -> bytes:
    """A GIF of 256 colors a frame; opacity is all or nothing."""
    options = _timing(content)
    times = 1 if content.loop is None else content.loop
    if times == 1:
        options.pop("loop", None)  # a GIF that says nothing is shown once
    elif "loop" in options:
        # A GIF says how often it is shown again; 0 is for ever here, too.
        options["loop"] = min(max(times - 1, 0), _MAX_LOOPS)
    # Frames are whole pictures, so what the last one showed is cleared where the next is transparent.
    disposal = 2 if content.samples[0].shape[2] in (2, 4) else 0
    return _saved(content, "GIF", disposal=disposal, optimize=False, **options)


def _timing(content: Content) -> dict[str, object]:
    """Options of an animation; empty for a single picture."""
    if len(content.samples) == 1:
        return {}
    durations = [duration or 0 for duration in content.durations_ms]
    return {"duration": durations, "loop": 1 if content.loop is None else min(content.loop, _MAX_LOOPS)}


def _saved(content: Content, pillow_name: str, **options: object) -> bytes:
    """The file as Pillow writes it.

    Args:
        content: What to write.
        pillow_name: Format, in Pillow's words.
        options: Pillow's options of that format.
    """
    images = [
        Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples) for samples in content.samples
    ]
    file = BytesIO()
    if len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:]}
    images[0].save(file, pillow_name, **options)
    return file.getvalue()
