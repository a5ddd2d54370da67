"""Wheel and source archive: what a user needs is inside, what only developers need is not."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
from packaging.metadata import Metadata

LARGEST_WHEEL = 40_000_000


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    """Folder of a wheel and a source archive."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=root, check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def source(built):
    """Names in the source archive, without its top folder."""
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_wheel_holds_the_whole_package_and_nothing_else(wheel, root):
    files = [path for path in (root / "lowlight_cli").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    package = {str(path.relative_to(root)) for path in files}
    assert sum(name.endswith(".safetensors") for name in package) >= 7
    assert any(name.endswith("page.css") for name in package)
    inside = {name for name in wheel.namelist() if not name.split("/")[0].startswith("lowlight_cli-")}
    assert inside == package


def test_wheel_installs_completions_and_manual_pages(wheel, root):
    project = tomllib.loads((root / "pyproject.toml").read_text())
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert "share/man/man1" in shared.values()
    for origin, target in shared.items():
        files = sorted((root / origin).iterdir()) if (root / origin).is_dir() else [root / origin]
        assert files
        for file in files:
            place = f"{target}/{file.name}" if file.parent == root / origin else target
            (name,) = [name for name in wheel.namelist() if name.endswith(f".data/data/{place}")]
            assert wheel.read(name) == file.read_bytes()


def test_metadata_is_valid_and_names_the_license_and_the_command(wheel):
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    metadata = Metadata.from_email(wheel.read(f"{folder}/METADATA"), validate=True)
    assert metadata.license_expression == "MIT"
    assert metadata.license_files == ["LICENSE"]
    assert f"{folder}/licenses/LICENSE" in wheel.namelist()
    assert metadata.description_content_type == "text/markdown"
    assert wheel.read(f"{folder}/entry_points.txt").split() == [
        *(b"[console_scripts]", b"lle", b"=", b"lowlight_cli.__main__:run")
    ]


def test_wheel_stays_small(built):
    (path,) = built.glob("*.whl")
    assert path.stat().st_size < LARGEST_WHEEL


def test_source_archive_can_be_built_and_read_but_holds_no_tests_and_results(source):
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "docs/README.md", "man/lle.1"} <= source
    assert "lowlight_cli/weights/codeenhance-lite.safetensors" in source
    assert "docs/images/before_after.jpg" in source
    tops = {name.partition("/")[0] for name in source}
    assert tops.isdisjoint({"tests", "benchmarks", ".ci", "dist", "out", "runs"})
