"""Turns weights of a run into a file that ships: 16 bits, with facts for the reader, and prints its sha256.

python benchmarks/ship_weights.py RUN.safetensors lowlight_cli/weights/NAME.safetensors KEY=VALUE ...
"""

import argparse
from pathlib import Path

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
    metadata = weights.metadata | {"preset": PRESET, "notes": notes}
    save_state(arguments.target, weights.state, metadata, half_precision=True)
    print(sha256_of(arguments.target), arguments.target.name)


if __name__ == "__main__":
    main()
