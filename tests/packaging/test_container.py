"""The Dockerfile: a pinned base, sources that exist and are sent, no privileges, ``lle`` as entry point.

Nothing is built here: that needs a network and a container engine.
"""

import json
import tomllib

import pytest
from dockerfile_parse import DockerfileParser


@pytest.fixture(scope="module")
def dockerfile(root):
    return DockerfileParser(str(root / "Dockerfile"))


@pytest.fixture(scope="module")
def values(dockerfile):
    """Values of an instruction, in their order."""
    return lambda name: [line["value"] for line in dockerfile.structure if line["instruction"] == name]


def test_base_image_is_python_with_a_full_tag(dockerfile):
    (base,) = dockerfile.parent_images
    name, _, tag = base.partition(":")
    assert name == "python"
    version, variant, release = tag.split("-")
    assert (variant, release) == ("slim", "bookworm")
    assert version.count(".") == 1


def test_everything_that_is_copied_exists_and_is_sent_to_the_builder(root, values):
    sent = (root / ".dockerignore").read_text().splitlines()
    assert sent.index("*") < sent.index("!lowlight_cli")
    sources = [source for value in values("COPY") for source in value.split()[:-1]]
    assert {"lowlight_cli", "pyproject.toml", "completions", "man"} <= set(sources)
    for source in sources:
        assert (root / source).exists()
        assert f"!{source}" in sent


def test_everything_that_the_build_of_the_package_reads_is_copied(root, values):
    project = tomllib.loads((root / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [*wheel["packages"], *wheel["shared-data"], project["project"]["readme"]]
    needed += project["project"]["license-files"]
    copied = [source for value in values("COPY") for source in value.split()[:-1]]
    assert {name.partition("/")[0] for name in needed} <= set(copied)


def test_it_runs_lle_as_a_user_without_privileges_on_a_volume(values):
    (entry,), (user,), (volume,) = values("ENTRYPOINT"), values("USER"), values("VOLUME")
    assert json.loads(entry) == ["lle"]
    assert int(user) > 0
    assert volume == values("WORKDIR")[-1] == "/photos"


def test_it_is_offline_once_built(values):
    assert any("LLE_OFFLINE=1" in value.split() for value in values("ENV"))
    assert not any(word in value for value in values("RUN") for word in ("curl", "wget", "--download"))


def test_libraries_of_opencv_are_installed(values):
    assert any({"libgl1", "libglib2.0-0"} <= set(value.split()) for value in values("RUN"))
