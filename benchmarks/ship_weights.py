"""Turns weights of a run into a file that ships: 16 bits, with facts for the reader, and prints its sha256.

Of files that the run read only the names are kept, not where they were.

python benchmarks/ship_weights.py RUN.safetensors lowlight_cli/weights/NAME.safetensors KEY=VALUE ...
"""

import argparse
from pathlib import Path
from typing import Any

from lowlight_cli.checkpoints.load import load_weights, sha256_of
from lowlight_cli.checkpoints.save import save_state

PRESET = "lite"


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("notes", nargs="*", metavar="KEY=VALUE", help="data, licence, scores")
    arguments = parser.parse_args()
    weights = load_weights(arguments.source)
    notes = dict(note.split("=", 1) for note in arguments.notes)
    metadata = without_folders(weights.metadata) | {"preset": PRESET, "notes": notes}
    save_state(arguments.target, weights.state, metadata, half_precision=True)
    print(sha256_of(arguments.target), arguments.target.name)


def without_folders(metadata: dict[str, Any]) -> dict[str, Any]:
    """Facts of a run in which every absolute path is only a file name."""
    return {key: _without_folder(value) for key, value in metadata.items()}


def _without_folder(value: object) -> object:
    if isinstance(value, dict):
        return without_folders(value)
    if isinstance(value, list):
        return [_without_folder(each) for each in value]
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value


if __name__ == "__main__":
    main()
