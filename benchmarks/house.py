"""Measures the structure of the code: files, lines, small files, circles, options, and the way of one JPEG.

python benchmarks/house.py                    # this checkout
python benchmarks/house.py --root ../earlier  # another one, run with its own code
"""

import argparse
import contextlib
import inspect
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[1]


def structure_of(package: Path) -> dict[str, object]:
    """Counts over the source of a package."""
    sys.path.insert(0, str(ROOT))
    from tests.architecture.import_graph import circle_in, import_graph, small_modules

    texts = {path: path.read_text() for path in package.rglob("*.py")}
    return {
        "files": len(texts),
        "lines": sum(len(text.splitlines()) for text in texts.values()),
        "small files of one importer": len(small_modules(package, shorter_than=60)),
        "circle of imports": circle_in(import_graph(package)),
        "Mapping[str, Any] in cli": sum(
            text.count("Mapping[str, Any]") for path, text in texts.items() if "cli" in path.parts
        ),
    }


def way_of_a_jpeg(root: Path) -> dict[str, object]:
    """Files whose functions run for one JPEG, in all and before the engine starts."""
    done = subprocess.run(
        [sys.executable, __file__, "--trace", str(root)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _trace(root: Path) -> None:
    sys.path.insert(0, str(root))
    from lowlight_cli.cli.app import main

    package, files, before, found = str(root / "lowlight_cli"), set(), set(), []

    def watch(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_function = bool(code.co_flags & inspect.CO_OPTIMIZED)  # modules and classes run when imported
        if event == "call" and is_function and code.co_filename.startswith(package):
            if code.co_name == "run_plan" and not found:
                found.append(True)
                before.update(files)
            files.add(code.co_filename)

    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stderr(io.StringIO()):
        words = [
            str(root / "sample_images" / "turned.jpg"),
            "-o",
            f"{out}/",
            "-m",
            "identity",
            "--device",
            "cpu",
        ]
        sys.setprofile(watch)
        code = main(["enhance", *words])
        sys.setprofile(None)
    print(json.dumps({"exit code": code, "files run": len(files), "of them before the engine": len(before)}))


def main() -> None:
    """Prints one line per measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="checkout to measure")
    parser.add_argument("--trace", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.trace:
        _trace(options.trace)
        return
    root = options.root.resolve()
    for name, value in (structure_of(root / "lowlight_cli") | way_of_a_jpeg(root)).items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
