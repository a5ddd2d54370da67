"""Trainings of one step, and the folders of small images that they take."""

NARROW = (
    "--crop", 64, "--batch-size", 1, "--max-steps", 1, "--device", "cpu", "--workers", 0, "--cache", "none",
)  # fmt: skip


def save_photos(folder, names, make_picture):
    for place, name in enumerate(names):
        make_picture(folder / f"{name}.png", (64, 64), seed=place)


def save_pairs(folder, names, make_picture, halves=("low", "high")):
    for half in halves:
        save_photos(folder / half, names, make_picture)
