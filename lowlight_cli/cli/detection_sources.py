"""What both detection commands read first: sizes of pictures, names of classes."""

from pathlib import Path

from lowlight_cli.detection.collection import Sample
from lowlight_cli.detection.exif_orientation import StoredSize
from lowlight_cli.errors import UsageError
from lowlight_cli.images.codecs.header import read_header
from lowlight_cli.images.formats import format_of


def measured(sample: Sample) -> StoredSize:
    """Size of a sample's picture, by its header; raw files and HEIC are opened, and come upright.

    Raises:
        ImageError: It cannot be read.
    """
    if format_of(sample.image) in ("raw", "heif"):
        from lowlight_cli.images.decode import decode

        picture = decode(sample.image)
        return StoredSize(picture.width, picture.height)
    header = read_header(sample.image)
    return StoredSize(header.width, header.height, header.orientation)


def names_from(path: Path | None) -> list[str] | None:
    """Names of classes from a file, one on a line; None where no file is given.

    Raises:
        UsageError: It cannot be read, or holds no name or one twice.
    """
    if path is None:
        return None
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--classes '{path}': {error}") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names or len({name.casefold() for name in names}) < len(names):
        raise UsageError(f"--classes '{path}' names no class, or one twice")
    return names
