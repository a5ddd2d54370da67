"""Stage I of CodeEnhance: a codebook prior of well-lit images."""
