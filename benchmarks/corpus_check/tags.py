"""EXIF, XMP, IPTC and maker notes of originals and results: by ExifTool, or the first two by Pillow."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PIL import Image

from benchmarks.corpus_check.findings import Fault

Tags = Mapping[str, str]
"""``EXIF:IFD0:Make`` and the like -> value."""

_KIND_OF_GROUP = {"EXIF": "exif", "XMP": "xmp", "IPTC": "iptc", "Photoshop": "iptc", "MakerNotes": "maker"}

_EXPECTED = re.compile(
    # Upright, of its own size, without small copies, and made by this program: docs/metadata.md.
    r"Orientation|ProcessingSoftware|:Software$|CreatorTool|XMPToolkit|History|Thumbnail|Preview|JpgFromRaw"
    r"|IFD1:|Digest|PhotoshopThumbnail|Image(Width|Height|Length)|PixelXDimension|PixelYDimension|ExifByteOrder"
    # How samples are stored: of the old file alone.
    r"|Compression|Photometric|Strip|Tile|RowsPer|SamplesPerPixel|BitsPerSample|PlanarConfig|Predictor"
    r"|FillOrder|SubfileType|JPEG\w*Tables|YCbCr|ReferenceBlackWhite|SampleFormat|ExtraSamples|ColorMap"
    r"|Offsets?$|OffsetPair|MetadataDate|:SubIFD|SubIFD\d*:|InterColorProfile|T[468]Options|PageNumber"
    r"|:InkSet|:NumberOfInks|:JPEG\w+|OtherImage|:Layer\w+|:Padding|HasRealMergedData|IDsBaseValue"
    # What lay behind the image in the file of a phone, and blocks at the end of a file.
    r"|GCamera|GContainer|GDepth|GImage|hdrgm|Container|Directory|HasExtendedXMP|IPTC:IPTC\d|XMP:XMP\d"
)

_OF_SENSOR = re.compile(r"EXIF:IFD0:(?!Make|Model|Artist|Copyright|DateTime|ImageDescription)|MakerNotes:")
"""Tags of camera raw that say how its samples are to be developed."""

_RAW_ENDS = (".dng", ".nef", ".cr2", ".cr3", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw", ".x3f")


def tag_faults(pairs: Sequence[tuple[Path, Path]]) -> list[Fault]:
    """Tags of originals that their results do not have, or have with another value.

    Args:
        pairs: Originals and results.
    """
    program = shutil.which("exiftool")
    faults = []
    for start in range(0, len(pairs), 200):
        part = pairs[start : start + 200]
        found = _by_exiftool(program, [path for pair in part for path in pair]) if program else {}
        for original, result in part:
            if program:
                before, after = found.get(str(original), {}), found.get(str(result), {})
            else:
                before, after = by_pillow(original), by_pillow(result)
            faults += list(_lost(str(original), before, after))
    return faults


def _lost(name: str, before: Tags, after: Tags) -> Iterator[Fault]:
    """One fault for each kind, with the tags that are concerned."""
    texts: dict[str, list[str]] = {}
    raw = name.lower().endswith(_RAW_ENDS)
    for tag, value in before.items():
        kind = _KIND_OF_GROUP.get(tag.split(":")[0])
        if kind is None or _EXPECTED.search(tag) or not value.strip() or after.get(tag) == value:
            continue
        if raw and _OF_SENSOR.match(tag):
            continue
        now = "is gone" if tag not in after else f"{value[:30]!r} became {after[tag][:30]!r}"
        texts.setdefault(kind, []).append(f"{tag} {now}")
    for kind, lines in texts.items():
        more = f" and {len(lines) - 4} more" if len(lines) > 4 else ""
        yield Fault(kind, name, "; ".join(lines[:4]) + more)


def _by_exiftool(program: str, paths: Sequence[Path]) -> dict[str, Tags]:
    options = ["-json", "-G0:1", "-n", "-a", "-q", "-q", "-charset", "filename=utf8", "-@", "-"]
    done = subprocess.run(
        [program, *options], input="\n".join(map(str, paths)).encode(), capture_output=True, check=False
    )
    try:
        entries = json.loads(done.stdout.decode("utf-8", "replace") or "[]")
    except json.JSONDecodeError:
        return {}
    return {entry["SourceFile"]: _texts(entry) for entry in entries}


def _texts(entry: Mapping[str, Any]) -> Tags:
    return {name: str(value) for name, value in entry.items() if ":" in name}


def by_pillow(path: Path) -> Tags:
    """Tags of EXIF by their numbers, properties of XMP by their names; empty where nothing can be read."""
    try:
        with Image.open(path) as image:
            exif, packet = image.getexif(), image.info.get("xmp") or b""
            if path.suffix.lower() in (".tif", ".tiff"):
                packet = image.tag_v2.get(700, b"")  # type: ignore[attr-defined]
            folders = {"IFD0": dict(exif), "ExifIFD": exif.get_ifd(0x8769), "GPS": exif.get_ifd(0x8825)}
    except (OSError, ValueError, SyntaxError, TypeError):
        return {}
    names = {
        **dict.fromkeys((256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 338, 700, 34675), "Strip"),
        **{274: "Orientation", 11: "ProcessingSoftware", 305: "Software", 40962: "ImageWidth"},
        **{40963: "ImageHeight", 34665: "Offset", 34853: "Offset", 37500: "Offset", 40965: "Offset"},
    }
    tags = {
        f"EXIF:{folder}:{names.get(tag, tag)}": str(value)
        for folder, values in folders.items()
        for tag, value in values.items()
    }
    return tags | _properties(packet)


def _properties(packet: bytes) -> Tags:
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n"))
    except ElementTree.ParseError:
        return {}
    found = {}
    for element in root.iter():
        if element.tag.endswith("}Description"):
            found |= {f"XMP:{name}": value for name, value in element.attrib.items()}
            found |= {f"XMP:{each.tag}": "".join(each.itertext()).strip() for each in element}
    return {name: value for name, value in found.items() if not name.endswith("}about")}
