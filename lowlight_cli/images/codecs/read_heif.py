"""HEIC and HEIF -> picture, through libheif: needs the extra ``heif``."""

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
"""Properties by which libheif turns a picture; where there is one, the EXIF orientation is done with."""


def read_heif(data: bytes, settings: ReadSettings) -> Picture:
    """Reads the main picture of a file, 8 bits or more.

    Args:
        data: The whole file.
        settings: The largest size.

    Raises:
        ImageError: ``unsupported``: libheif is not installed. ``unreadable``, ``truncated`` or ``too_large``.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise ImageError("unsupported", "HEIC needs an extra: pip install 'lowlight-cli[heif]'") from error
    try:
        file = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
        check_size(file.size[0], file.size[1], settings)
        samples = _samples(file)
    except (ValueError, RuntimeError, SyntaxError, EOFError, OSError, IndexError) as error:
        if "end of file" in str(error).lower():
            raise ImageError("truncated", "the end of the file is missing") from error
        coding = unread_coding(data)
        if coding is not None:
            message = f"HEIF with {coding} is not read; convert it to PNG or TIFF first"
            raise ImageError("unsupported", message) from error
        if isinstance(error, IndexError):  # libheif found no picture
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
    """Meaning of the colors: by the profile, else by the code points."""
    named = file.info.get("nclx_profile")
    if file.info.get("icc_profile") or not named:
        return colors_of(file.info.get("icc_profile"), gray=gray, sixteen_bit=sixteen_bit)
    codes = ColorCodes(named["color_primaries"], named["transfer_characteristics"])
    return colors_of_codes(codes, gray=gray)


def _samples(file: Any) -> Samples:  # noqa: ANN401  the library has no types
    """Samples (h, w, channels); 10 and 12 bits are stretched to 16."""
    samples = np.array(file)
    if samples.ndim == 2:
        samples = samples[..., None]
    if samples.dtype == np.uint16:
        bits = int(file.info.get("bit_depth") or 16)
        shift, top = 16 - bits, 2**bits - 1
        samples = ((samples >> shift).astype(np.uint32) * 65535 // top).astype(np.uint16)
    return samples


def _carrier(file: Any) -> Image.Image:  # noqa: ANN401  the library has no types
    """A picture of Pillow's that has the metadata of the file."""
    carrier = Image.new("L", (1, 1))
    carrier.info.update({key: file.info[key] for key in ("exif", "xmp") if file.info.get(key)})
    return carrier


_READ = frozenset({b"hvc1", b"hev1"})
"""HEVC."""

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
"""Pictures made of others, masks, and items that are no pictures."""


def unread_coding(data: bytes) -> str | None:
    """What the pictures of a file are coded with; None where some are HEVC, or nothing is found.

    Args:
        data: A file, whole or not, that could not be read.
    """
    codings = [kind for kind in _item_kinds(data) if kind not in _WITHOUT_CODING]
    if not codings or _READ.intersection(codings):
        return None
    return _NAMES.get(codings[0]) or f"the coding '{codings[0].decode('latin-1')}'"


def _item_kinds(data: bytes) -> Iterator[bytes]:
    """Kind of each item that the file lists."""
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
