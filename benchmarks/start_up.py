"""How long the program takes to say something; each TAB and each ``--help`` pays it.

python benchmarks/start_up.py --machine laptop
"""

import argparse
import subprocess
import sys

from timing import measure, write_result

CASES = {
    "python": ("-c", "pass"),
    "help": ("-m", "lowlight_cli", "--help"),
    "enhance help": ("-m", "lowlight_cli", "enhance", "--help"),
    "models list": ("-m", "lowlight_cli", "models", "list"),
    "torch": ("-c", "import torch"),
}


def main() -> None:
    """Times each case in a fresh process and writes the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    cases = {}
    for name, words in CASES.items():
        cases[name] = measure(lambda words=words: _run(words), warm_up=1, repeats=arguments.repeats)
        print(f"{name:14} {cases[name]['median_s']:.3f} s")
    print(write_result("start_up", "cpu", arguments.machine, cases))


def _run(words: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
