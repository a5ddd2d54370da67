"""Defaults that both the command line and the requests read; free of imports, so that help stays fast."""

MODEL = "codeenhance"
CONTROL = 1.0
"""Contrast, brightness and texture as the model was trained."""
STRENGTH = 1.0
TEMPERATURE = 0.0
SEED = 0

MAX_PIXELS = 400_000_000
"""Width times height, per frame, above which an image is refused before it is decoded."""

NAME_TEMPLATE = "{stem}{suffix}{ext}"
QUALITY = 95
COMPRESSION = 6

DEVICE = "auto"
TILE_OVERLAP = 64
MIN_FREE = 512 * 2**20
"""Bytes."""
LOCK_TIMEOUT_S = 0.0

SETTLE_S = 2.0
"""Seconds that a file must hold still before a watching run reads it."""

PREVIEW_SIZE = 480
"""Long side of a photo on a sheet of `lle try`, in pixels."""

BENCH_SETS = "40:600x400,2:4000x3000"
"""Photos that `lle bench` makes if none are given: how many, width and height in pixels."""
BENCH_REPEATS = 3
BENCH_SECONDS = 60.0
