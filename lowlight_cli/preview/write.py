"""Names sheets and writes them; only a sheet that nobody changed is replaced without being asked to."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from lowlight_cli.counted import counted
from lowlight_cli.errors import ImageError, OutputError, UsageError
from lowlight_cli.images.replace import check_writable_folder, replace_file
from lowlight_cli.pipeline.destination import is_folder, place_of
from lowlight_cli.preview.request import PreviewRequest
from lowlight_cli.reports.report_options import SHEET_SUFFIXES, check_overwrites

SHEET_END = "_try.jpg"
"""End of the names of sheets, after the name of the photo."""

_QUALITY = 92
_MARK = "sheet of lle try, sha256 of the pixels: "


def sheet_paths(request: PreviewRequest) -> dict[Path, Path]:
    """Sheet of each photo, checked: nothing is written yet.

    Photos that differ only in their extension keep it: ``x.png_try.jpg``.

    Args:
        request: Photos, and where sheets are written.

    Raises:
        UsageError: A photo is missing or a folder, two sheets have one name, a sheet cannot have the name
            that was given or would replace an image, or a file that is no sheet exists.
        OutputError: The folder cannot be written to.
    """
    photos = tuple(dict.fromkeys(request.photos))
    for photo in photos:
        _check_photo(photo)
    sheets = _names(photos, request.out)
    originals = {photo: str(photo) for photo in (*photos, *request.references)}
    check_overwrites(sheets.values(), originals)
    for sheet in sheets.values():
        if not request.force and not _is_free(sheet):
            raise UsageError(
                f"'{sheet}' exists and is not an unchanged sheet of lle try; "
                "choose another name with --out, or replace it with --force"
            )
    for folder in {sheet.parent for sheet in sheets.values()}:
        check_writable_folder(folder)
    return sheets


def write_sheet(sheet: Image.Image, target: Path) -> None:
    """Writes a sheet with a mark, by which it is recognized until it is edited.

    Raises:
        OutputError: The file cannot be written.
    """
    encode = _encode_png if target.suffix.lower() == ".png" else _encode_jpeg
    try:
        replace_file(target, encode(sheet, _MARK + _digest(encode(sheet, ""))))
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error


def is_unchanged_sheet(path: Path) -> bool:
    """Whether a file is a sheet as ``write_sheet`` wrote it."""
    try:
        data = path.read_bytes()
        with Image.open(BytesIO(data)) as image:
            mark = image.info.get("comment", b"")
        words = mark.decode("ascii", "replace") if isinstance(mark, bytes) else str(mark)
        return words == _MARK + _digest(data)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError):
        return False


def _is_free(path: Path) -> bool:
    return not (path.exists() or path.is_symlink()) or is_unchanged_sheet(path)


def _check_photo(photo: Path) -> None:
    if photo.is_dir():
        raise UsageError(f"'{photo}' is a folder; name one photo, or a few, to try settings on")
    if not photo.exists():
        raise UsageError(f"no such file: '{photo}'")


def _names(photos: Sequence[Path], out: str | None) -> dict[Path, Path]:
    if out is not None and _is_one_sheet(out, len(photos)):
        return {photos[0]: place_of(out)}
    folder = Path() if out is None else place_of(out)
    stems = Counter(photo.stem.casefold() for photo in photos)
    names = {
        photo: folder / ((photo.stem if stems[photo.stem.casefold()] == 1 else photo.name) + SHEET_END)
        for photo in photos
    }
    for name, count in Counter(map(str, names.values())).items():
        if count > 1:
            raise UsageError(f"{counted(count, 'photo')} would be shown in '{name}'; try them one by one")
    return names


def _is_one_sheet(out: str, photos: int) -> bool:
    """Whether the output is the file of one sheet; else it is a folder, by the rules of ``lle enhance``."""
    place = place_of(out)
    is_named_so = place.suffix.lower() in SHEET_SUFFIXES and not out.endswith(("/", "\\"))
    if is_named_so and photos > 1 and not place.is_dir():
        raise UsageError(f"'{out}' is one sheet, but there are {counted(photos, 'photo')}; name a folder")
    if is_folder(out, is_single=photos == 1):
        return False
    if not is_named_so:
        *names, last = SHEET_SUFFIXES
        or_folder = "" if place.exists() else f", or '{out}/' for a folder"
        raise UsageError(f"'{out}' is no name for a sheet; use {', '.join(names)} or {last}{or_folder}")
    return True


def _encode_jpeg(sheet: Image.Image, comment: str) -> bytes:
    file = BytesIO()
    sheet.save(file, "JPEG", quality=_QUALITY, subsampling=0, optimize=True, comment=comment.encode())
    return file.getvalue()


def _encode_png(sheet: Image.Image, comment: str) -> bytes:
    file, info = BytesIO(), PngInfo()
    info.add_text("comment", comment)
    sheet.save(file, "PNG", pnginfo=info)
    return file.getvalue()


def _digest(data: bytes) -> str:
    """SHA-256 of the pixels of an image file, in hex."""
    with Image.open(BytesIO(data)) as image:
        return hashlib.sha256(f"{image.size}".encode() + image.convert("RGB").tobytes()).hexdigest()
