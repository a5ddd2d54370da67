"""Detects the format of a file from its first bytes, because an extension may be wrong."""

from pathlib import Path

from lowlight_cli.images.codecs.tiff_tags import is_camera_raw

_RAW_STARTS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"})
_HEIF_BRANDS |= {b"avci", b"evbi", b"j2ki", b"jpgs", b"vvic", b"1pic"}  # codecs that are not supported
_AVIF_BRANDS = frozenset({b"avif", b"avis"})

_START_BYTES = 4096

_STARTS = {
    b"\xff\xd8\xff": "jpg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
}

_FOREIGN_STARTS = {
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"8BPS": "Photoshop",
    b"\x76\x2f\x31\x01": "OpenEXR",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"#?RADIANCE": "Radiance HDR",
    b"BM": "BMP",
    b"%PDF": "PDF",
    b"\x1aE\xdf\xa3": "video",
    b"\0\0\x01\xba": "video",
    b"\0\0\x01\xb3": "video",
    b"gimp xcf": "GIMP",
}

_HINTS = {
    "video": "extract single images first, with ffmpeg -i VIDEO %06d.png",
    "SVG": "render it first, with rsvg-convert",
    "JPEG XL": "convert it first, with djxl",
    "OpenEXR": "convert it to a 16-bit TIFF first",
    "Radiance HDR": "convert it to a 16-bit TIFF first",
}


def sniff(data: bytes) -> str | None:
    """Name in ``FORMATS`` of the format of a file; None for any other format."""
    if data.startswith(_TIFF_STARTS):
        return "raw" if data[8:10] == b"CR" or is_camera_raw(data) else "tiff"
    if data.startswith(_RAW_STARTS):
        return "raw"
    if data[4:8] == b"ftyp":
        return _sniff_boxes(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((name for start, name in _STARTS.items() if data.startswith(start)), None)


def is_other_file(path: Path) -> bool:
    """Whether a file surely is no image: its first bytes are not those of any format, supported or not."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except OSError:  # reported when the image is decoded
        return False
    is_known = start.startswith(_TIFF_STARTS) or sniff(start) or unsupported_format(start)
    return bool(start) and not is_known


def unsupported_format(data: bytes) -> str | None:
    """Error message, with a remedy, for a known format that is not supported; None for an unknown one."""
    kind = next((kind for start, kind in _FOREIGN_STARTS.items() if data.startswith(start)), None)
    if data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"AVI "):
        kind = "video"
    if b"<svg" in data[:1024].lower():
        kind = "SVG"
    if kind is None:
        return None
    return f"{kind} is not supported; {_HINTS.get(kind, 'convert it to PNG or TIFF first')}"


def _sniff_boxes(data: bytes) -> str | None:
    """Format of an ISO media file, by its brands."""
    length = int.from_bytes(data[:4], "big")
    brands = {data[i : i + 4] for i in (8, *range(16, min(length, 256), 4))}
    if b"crx " in brands:
        return "raw"
    if brands & _AVIF_BRANDS:
        return "avif"
    return "heif" if brands & _HEIF_BRANDS else None
