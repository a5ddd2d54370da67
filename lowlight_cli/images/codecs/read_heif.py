"""Reads HEIC and HEIF through libheif, which the extra ``heif`` installs."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.boxes import boxes_inside, read_boxes
from lowlight_cli.images.color.cicp import ColorCodes
from lowlight_cli.images.color.named_colors import colors_of_codes
from lowlight_cli.images.frames import Colors, colors_of, make_frame
from lowlight_cli.images.limits import check_size
from lowlight_cli.images.metadata.policy import orientation_of
from lowlight_cli.images.metadata.read import read_metadata
from lowlight_cli.images.picture import Picture, Restore, Samples
from lowlight_cli.images.settings import ReadSettings

_TURNS = (b"irot", b"imir")
"""Properties by which libheif turns an image; if there is one, the EXIF orientation must not be applied."""


def read_heif(data: bytes, settings: ReadSettings) -> Picture:
    """Reads the primary image of a file, of 8 bits or more.

    Args:
        data: The whole file.
        settings: The size limit.

    Raises:
        ImageError: ``unsupported``: libheif is not installed, or cannot read the codec. ``unreadable``,
            ``truncated`` or ``too_large``.
    """
    try:
        import pillow_heif
    except ImportError as error:
        message = "HEIC support is not installed; run pip install 'lowlight-cli[heif]'"
        raise ImageError("unsupported", message) from error
    try:
        file = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
        check_size(file.size[0], file.size[1], settings)
        samples = _samples(file)
    except (ValueError, RuntimeError, SyntaxError, EOFError, OSError, IndexError) as error:
        if "end of file" in str(error).lower():
            raise ImageError("truncated", "the end of the file is missing") from error
        coding = unread_coding(data)
        if coding is not None:
            message = f"HEIF with {coding} is not supported; convert it to PNG or TIFF first"
            raise ImageError("unsupported", message) from error
        if isinstance(error, IndexError):  # libheif found no image
            raise
        raise ImageError("unreadable", " ".join(str(error).split())) from error
    carrier = _carrier(file)
    turned = any(mark in data[: 2**16] for mark in _TURNS)
    gray, sixteen_bit = samples.shape[2] < 3, samples.dtype == np.uint16
    colors = _colors(file, gray=gray, sixteen_bit=sixteen_bit)
    frame = make_frame(samples, colors, orientation=1 if turned else orientation_of(carrier))
    height, width = frame.pixels.shape[:2]
    metadata, damage = read_metadata(data, carrier, width, height)
    restore = Restore("heif", metadata, colors.icc, codes=colors.codes)
    return Picture((frame,), restore, colors.warnings + damage)


def _colors(file: Any, *, gray: bool, sixteen_bit: bool) -> Colors:  # noqa: ANN401  the library has no types
    """Color space of the samples, from the profile, else from the code points."""
    named = file.info.get("nclx_profile")
    if file.info.get("icc_profile") or not named:
        return colors_of(file.info.get("icc_profile"), gray=gray, sixteen_bit=sixteen_bit)
    codes = ColorCodes(named["color_primaries"], named["transfer_characteristics"])
    return colors_of_codes(codes, gray=gray)


def _samples(file: Any) -> Samples:  # noqa: ANN401  the library has no types
    """Samples (h, w, channels); 10 and 12 bits are scaled to 16."""
    samples = np.array(file)
    if samples.ndim == 2:
        samples = samples[..., None]
    if samples.dtype == np.uint16:
        bits = int(file.info.get("bit_depth") or 16)
        shift, top = 16 - bits, 2**bits - 1
        samples = ((samples >> shift).astype(np.uint32) * 65535 // top).astype(np.uint16)
    return samples


def _carrier(file: Any) -> Image.Image:  # noqa: ANN401  the library has no types
    """A 1x1 Pillow image with the metadata of the file, for code that reads them from Pillow."""
    carrier = Image.new("L", (1, 1))
    carrier.info.update({key: file.info[key] for key in ("exif", "xmp") if file.info.get(key)})
    return carrier


_READ = frozenset({b"hvc1", b"hev1"})
"""Item types of HEVC, the supported codec."""

_NAMES = {
    b"unci": "uncompressed pixels",
    b"av01": "AV1",
    b"avc1": "AVC (H.264)",
    b"evc1": "EVC",
    b"j2k1": "JPEG 2000",
    b"jpeg": "JPEG",
    b"lhv1": "layered HEVC",
    b"vvc1": "VVC (H.266)",
}
_WITHOUT_CODING = frozenset({b"grid", b"iden", b"iovl", b"tmap", b"Exif", b"mime", b"uri ", b"rgan", b"mski"})
"""Item types of derived images, masks and metadata."""


def unread_coding(data: bytes) -> str | None:
    """Name of the unsupported codec of the images; None if some are HEVC, or no image is found.

    Args:
        data: A file that could not be read; it may be truncated.
    """
    codings = [kind for kind in _item_kinds(data) if kind not in _WITHOUT_CODING]
    if not codings or _READ.intersection(codings):
        return None
    return _NAMES.get(codings[0]) or f"the codec '{codings[0].decode('latin-1')}'"


def _item_kinds(data: bytes) -> Iterator[bytes]:
    """Type of each item of the file."""
    items = next((box for box in boxes_inside(data, b"meta", skip=4) if box.kind == b"iinf"), None)
    if items is None:
        return
    # The list starts with its version and a count of 2 or 4 bytes.
    head = 6 if data[items.start : items.start + 1] == b"\0" else 8
    for entry in read_boxes(data, items.start + head, items.end):
        version = data[entry.start] if entry.start < entry.end else 0
        place = entry.start + {2: 8, 3: 10}.get(version, len(data))
        if entry.kind == b"infe" and place + 4 <= entry.end:
            yield data[place : place + 4]
