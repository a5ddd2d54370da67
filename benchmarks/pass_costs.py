"""Memory of a pass through each model, on fake CUDA: no GPU is needed, but a C compiler and torch with CUDA.

Prints what `pass_costs` of the entries in lowlight_cli/models must say, which is what float32 takes, and
beside it what bfloat16 takes. Weights do not matter, so they are made up.

    python benchmarks/pass_costs.py
"""

import argparse
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measures all models and prints the table."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    sys.path.insert(0, str(ROOT))
    from tests.fake_cuda.cases import COST_SIDE
    from tests.fake_cuda.child import UnavailableError, facts_of

    with tempfile.TemporaryDirectory() as folder:
        try:
            costs = facts_of("costs", Path(folder))
        except UnavailableError as error:
            sys.exit(str(error))
    for label, found in costs.items():
        print(_line(label, found, COST_SIDE**2))


def _line(label: str, found: dict[str, dict[str, Any]], pixels: int) -> str:
    sizes = {
        precision: [math.ceil(outcome[key] / pixels) for key in ("bytes", "elements")]
        for precision, outcome in found.items()
    }
    wanted, short = sizes["fp32"], sizes["bf16"]
    return f"{label:20} PassCost({wanted[0]}, {wanted[1]})".ljust(45) + f"bf16: {short[0]}, {short[1]}"


if __name__ == "__main__":
    main()
