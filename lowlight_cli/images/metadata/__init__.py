"""What photos carry beside their pixels: EXIF, XMP, IPTC and text, read, filtered and written back."""
