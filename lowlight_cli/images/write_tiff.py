"""Samples -> TIFF: 8 bits and 16, any channels, one page or many."""

from io import BytesIO

import tifffile

from lowlight_cli.images.output_samples import Content
from lowlight_cli.images.settings import WriteSettings

_BIG = 2**32 - 2**26
"""Bytes above which offsets of 32 bits may not reach."""


def write_tiff_file(content: Content, settings: WriteSettings) -> bytes:
    """A TIFF, packed by Deflate without loss."""
    file = BytesIO()
    big = sum(samples.nbytes for samples in content.samples) > _BIG
    with tifffile.TiffWriter(file, bigtiff=big) as writer:
        for samples in content.samples:
            channels = samples.shape[2]
            writer.write(
                samples[..., 0] if channels == 1 else samples,
                photometric="minisblack" if channels < 3 else "rgb",
                planarconfig="contig" if channels > 1 else None,
                extrasamples=["unassalpha"] if channels in (2, 4) else None,
                compression="adobe_deflate" if settings.compression else None,
                compressionargs={"level": settings.compression} if settings.compression else None,
                predictor=bool(settings.compression),
                iccprofile=content.icc,
                metadata=None,
                software=False,
                maxworkers=1,
            )
    return file.getvalue()
