"""Facts from the process on fake CUDA, which runs once for all tests."""

import json
from typing import Any

import pytest
from filelock import FileLock

from tests.fake_cuda.child import UnavailableError, facts_of


@pytest.fixture(scope="session")
def facts(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What ``cases.everything`` gives; tests that pytest-xdist spreads over processes share it."""
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        folder = folder.parent
    path = folder / "fake_cuda_facts.json"
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            path.write_text(json.dumps(_facts(folder)))
    found: dict[str, Any] = json.loads(path.read_text())
    if "unavailable" in found:
        pytest.skip(found["unavailable"])
    return found


def _facts(folder: Any) -> dict[str, Any]:
    try:
        return facts_of("everything", folder)
    except UnavailableError as error:
        return {"unavailable": str(error)}
