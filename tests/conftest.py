"""What every test may ask for: a fixed seed, a picture on disk, the program itself.

Nothing of the package is imported at the top: the shape checks of jaxtyping are hooked in after this file.
"""

import gc
import importlib.util
import multiprocessing
import os
import random
import socket
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import numpy
import pytest
import torch
from hypothesis import HealthCheck, settings
from PIL import Image

# A busy machine must not fail a test, so neither the time of an example nor that of making it counts.
settings.register_profile(
    "lle", deadline=None, derandomize=True, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("lle")

ROOT = Path(__file__).parents[1]

PROCESSORS = {
    "plain": {"avx2": True},
    "bf16": {"avx2": True, "avx512_bf16": True},
    "amx": {"avx2": True, "avx512_bf16": True, "amx_tile": True, "amx_bf16": True},
}
"""Capabilities of processors that tests can be run as if on; none of them has a GPU beside it."""

_GPU = {
    # Only for the module that chooses: torch itself would ask the driver for the state of its generator.
    "is_available": lambda: sys._getframe(1).f_globals["__name__"] == "lowlight_cli.accelerators",
    "device_count": lambda: 1,
    "get_device_name": lambda index=0: "no real GPU",
    "get_device_properties": lambda index=0: SimpleNamespace(total_memory=80 * 2**30),
    "is_bf16_supported": lambda including_emulation=True: True,
}
"""What torch says of a GPU that cannot be used."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default="cpu", help="Device of the tests that run a model: cpu or cuda.")
    parser.addoption(
        "--hardware",
        default="native",
        choices=("native", *PROCESSORS, "cuda"),
        help="What the program believes to run on. With bf16, 16-bit formats pass for fast; with cuda there "
        "is a GPU that cannot be used, so that a test fails which does not say that it needs the CPU.",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keeps what is imported out of the garbage collector.

    It would go through some million objects again and again, and on each call of ``gc.collect``.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    """Gives everything back, else libraries complain at the exit about what they still hold."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def root() -> Path:
    """Top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def device(request: pytest.FixtureRequest) -> torch.device:
    """Device to run models on."""
    return torch.device(request.config.getoption("--device"))


@pytest.fixture(autouse=True)
def hardware(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the program believes to run on: as ``--hardware`` says, or what a test gives indirectly."""
    kind: str = getattr(request, "param", request.config.getoption("--hardware"))
    if kind == "cuda":
        for name, answer in _GPU.items():
            monkeypatch.setattr(torch.cuda, name, answer)
    if kind in PROCESSORS:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: PROCESSORS[kind])
        for module in (torch.cuda, torch.xpu, torch.mps):
            monkeypatch.setattr(module, "is_available", lambda: False)
            monkeypatch.setattr(module, "device_count", lambda: 0)
    if kind == "bf16" and not hasattr(request, "param"):
        monkeypatch.setattr("lowlight_cli.pipeline.precision.FASTER", 0.0)
    return kind


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """No test reaches beyond this machine, and neither does the program."""

    def local_only(method: str) -> Callable[..., object]:
        plain = getattr(socket.socket, method)

        def connect(self: socket.socket, address: object) -> object:
            is_local = self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1", "localhost")
            if not is_local:
                raise PermissionError(f"a test tried to reach {address}")
            return plain(self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex"):
            patch.setattr(socket.socket, method, local_only(method))
        yield


@pytest.fixture(autouse=True)
def deterministic() -> Iterator[None]:
    """The same numbers in every run, whatever ran before."""
    random.seed(0)
    numpy.random.seed(0)
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True, warn_only=True)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting of whoever runs the tests counts, and the device is the CPU where a test says none."""
    for name in list(os.environ):
        if name.startswith("LLE_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    for kind in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path_factory.getbasetemp() / f"{kind.lower()}-home"))
    monkeypatch.setenv("LLE_DEVICE", "cpu")
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("NO_COLOR", "1")


class Run(NamedTuple):
    """What one call of the program gave."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def built_program() -> object:
    """The commands of ``lle``, which take longer to build than most of them to run."""
    from lowlight_cli.cli.app import app
    from lowlight_cli.cli.typer_app import finished

    return finished(app)


@pytest.fixture
def run_lle(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, built_program: object
) -> Callable[..., Run]:
    """Calls ``lle`` with the arguments given, inside this process."""
    monkeypatch.setattr("lowlight_cli.cli.app.finished", lambda app: built_program)

    def run(*arguments: object) -> Run:
        from lowlight_cli.cli.app import main

        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        result = Run(code, *capsys.readouterr())
        # Where the test fails, what went wrong is to be seen.
        sys.stderr.write(result.err)
        return result

    return run


@pytest.fixture
def quick_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes are forked from one that has imported the program; a fresh one takes seconds to."""
    if "forkserver" not in multiprocessing.get_all_start_methods():  # Windows
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "lowlight_cli.pipeline.worker"])
    stand_in = SimpleNamespace(get_context=lambda method: context)
    monkeypatch.setattr("lowlight_cli.pipeline.worker_process.multiprocessing", stand_in)


@pytest.fixture(scope="session")
def docs_script(root: Path) -> Callable[[str], ModuleType]:
    """Loads a script of ``docs/`` as a module, by its name without ending."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, root / "docs" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def make_picture() -> Callable[..., Path]:
    """Writes a dark picture: a gradient with a few lamps, so that no two regions are alike."""

    def make(
        path: Path,
        size: tuple[int, int] = (48, 32),
        *,
        mode: str = "RGB",
        orientation: int | None = None,
        seed: int = 0,
        **save_options: object,
    ) -> Path:
        picture = Image.fromarray(dark_pixels(size, seed)).convert(mode)
        if orientation is not None:
            exif = Image.Exif()
            exif[0x0112] = orientation
            save_options["exif"] = exif
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, **save_options)
        return path

    return make


def dark_pixels(size: tuple[int, int], seed: int = 0) -> numpy.ndarray:
    """A dark picture of ``size`` (width, height), uint8 (h, w, 3)."""
    width, height = size
    generator = numpy.random.default_rng(seed)
    across, down = numpy.meshgrid(numpy.linspace(0, 1, width), numpy.linspace(0, 1, height))
    pixels = numpy.stack([0.15 * across, 0.12 * down, 0.1 * (1 - across)], -1)
    for _ in range(3):
        x, y = generator.random(2)
        pixels += 0.4 * numpy.exp(-((across - x) ** 2 + (down - y) ** 2) / 0.01)[..., None]
    pixels += generator.normal(0, 0.01, pixels.shape)
    return (pixels.clip(0, 1) * 255).round().astype(numpy.uint8)
