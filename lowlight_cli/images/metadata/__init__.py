"""Reads, filters and writes the metadata of image files: EXIF, XMP and IPTC."""
