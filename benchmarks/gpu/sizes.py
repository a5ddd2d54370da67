"""How much the check does on a card, and how little it does of the same with ``--quick``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is measured, in numbers; sides are height and width.

    Attributes:
        seconds: Time of each section by name; together they are the time of the whole check.
        at_least_s: Time that a small piece of work is repeated for.
        copied: Bytes of a copy.
        product: Side of the matrices that are multiplied.
        image: Image that models are timed on; its sides are multiples of what every model pads to.
        formats: Names of the precisions.
        precision: The one of runs from file to file, and of large images.
        batches: Images in a pass.
        large: Image of about 12 megapixels, a multiple of what the models in question pad to.
        tile: Side of a tile, where the large image is cut.
        photo: JPEG that is enhanced from file to file.
        photos: Number of those.
        large_photos: Number of large JPEGs.
        workers: Threads that read; twice as many write.
        passes: Images in a pass from file to file.
        processes: Numbers of processes that share the device from file to file.
        repeats: How often they enhance each small photo.
        presets: Whether all presets of a model are timed, or its default alone.
        models: Models whose passes are compared, and which enhance large images.
        training: Crops in a step, for the feed on the CPU.
        warmup: Steps before those that count.
        steps: Steps that count.
    """

    seconds: dict[str, float]
    at_least_s: float
    copied: int
    product: int
    image: tuple[int, int]
    formats: tuple[str, ...]
    precision: str
    batches: tuple[int, ...]
    large: tuple[int, int]
    tile: int
    photo: tuple[int, int]
    photos: int
    large_photos: int
    workers: tuple[int, ...]
    passes: tuple[int, ...]
    processes: tuple[int, ...]
    repeats: int
    presets: bool
    models: tuple[str, ...]
    training: tuple[int, ...]
    warmup: int
    steps: int


FULL = Sizes(
    seconds={
        "ceilings": 14,  # with the making of the photos
        "model": 50,
        "baseline": 8,
        "files": 40,
        "tests": 45,
        "passes": 8,
        "memory": 8,
        "training": 36,
        "large": 10,
        "launches": 8,
        "presets": 8,  # and what the others leave
        "processes": 80,  # only where it is named
    },
    at_least_s=0.25,
    copied=2**30,
    product=8192,
    image=(416, 608),
    formats=("fp32", "tf32", "bf16", "fp16"),
    precision="auto",
    batches=(8, 32, 1),
    large=(3008, 4000),
    tile=1024,
    photo=(400, 600),
    photos=1024,
    large_photos=24,
    workers=(4, 8, 14),
    passes=(8, 32),
    processes=(4, 2, 1),
    repeats=8,
    presets=True,
    models=("codeenhance", "lw-drgn", "vqcnir", "glare"),
    training=(16, 128),
    warmup=5,
    steps=25,
)
"""235 seconds without ``processes``: with imports, 4 minutes."""

QUICK = Sizes(
    seconds=dict.fromkeys(FULL.seconds, 600.0),  # a busy machine must not cut it
    at_least_s=0,
    copied=2**20,
    product=64,
    image=(32, 32),
    formats=("fp32", "bf16"),
    precision="fp32",
    batches=(1,),
    large=(192, 256),
    tile=128,
    photo=(64, 96),
    photos=3,
    large_photos=1,
    workers=(2,),
    passes=(2,),
    processes=(2,),
    repeats=2,
    presets=False,
    models=("codeenhance",),
    training=(2,),
    warmup=1,
    steps=2,
)
"""Says nothing of speed: it shows that every section runs."""
