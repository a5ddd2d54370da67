"""Color profiles, transfer curves and conversions to sRGB."""
