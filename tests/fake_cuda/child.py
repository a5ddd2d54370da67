"""Runs a group of ``cases`` in a process on fake CUDA."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).parents[2]


class UnavailableError(Exception):
    """This machine, or its torch, cannot do it; the message says why."""


def facts_of(group: str, folder: Path) -> dict[str, Any]:
    """What the group printed.

    Args:
        group: One of the groups of ``cases.main``.
        folder: Where to build the shim.

    Raises:
        UnavailableError: There is no working C compiler, no CUDA in this torch, or no Linux.
    """
    shim = _build_shim(folder)
    environment = os.environ | {
        "LD_PRELOAD": " ".join(filter(None, (str(shim), os.environ.get("LD_PRELOAD")))),
        "PYTHONPATH": str(ROOT),
        "CUDA_VISIBLE_DEVICES": "",
    }
    words = [sys.executable, "-m", "tests.fake_cuda.cases", group]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the process on fake CUDA ended with {done.returncode}:\n{done.stderr[-4000:]}")
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if "unavailable" in facts:
        raise UnavailableError(
            f"fake CUDA does not work with torch {torch.__version__}: {facts['unavailable']}"
        )
    return facts


def _build_shim(folder: Path) -> Path:
    if not sys.platform.startswith("linux"):
        raise UnavailableError("fake CUDA needs LD_PRELOAD, which only Linux has")
    if torch.version.cuda is None:
        raise UnavailableError(f"torch {torch.__version__} was built without CUDA")
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        raise UnavailableError("fake CUDA needs a C compiler")
    shim = folder / "fake_cuda_shim.so"
    source = Path(__file__).with_name("shim.c")
    # The name makes it the driver, too: what is loaded under it is not looked for again.
    options = ["-shared", "-fPIC", "-O1", "-Wl,-soname,libcuda.so.1"]
    words = [compiler, *options, source, "-o", shim]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:  # a compiler without the headers of the C library, for one
        raise UnavailableError(f"the C compiler cannot build fake CUDA: {done.stderr.strip()[-300:]}")
    return shim
