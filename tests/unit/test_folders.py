import sys
from pathlib import Path

import platformdirs
import pytest

from lowlight_cli import folders
from lowlight_cli.cli.config_loader import user_file
from lowlight_cli.folders import cache_folder, config_folders, data_folders, listed_folders, state_folder

assert platformdirs  # imported before a test pretends another system, whose folders it would keep

HOMES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


@pytest.fixture
def home(monkeypatch, tmp_path):
    for name in HOMES:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def found():
    return (*config_folders(), *data_folders(), cache_folder(), state_folder())


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_on_linux_the_folders_are_those_of_version_0_1(home):
    expected = (".config/lle", ".local/share/lle", ".cache/lle", ".local/state/lle")
    assert found() == tuple(home / part for part in expected)


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_an_empty_variable_counts_as_unset(home, monkeypatch):
    for name in HOMES:
        monkeypatch.setenv(name, "")
    assert found()[0] == home / ".config/lle"
    assert len(found()) == len(HOMES)


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_xdg_variables_come_first_on_every_system(system, monkeypatch):
    monkeypatch.setattr(folders.sys, "platform", system)
    for name in HOMES:
        monkeypatch.setenv(name, f"/somewhere/{name}")
    assert found() == tuple(Path("/somewhere") / name / "lle" for name in HOMES)


def test_xdg_variables_may_begin_with_a_tilde(home, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "~/settings")
    assert config_folders() == (home / "settings/lle",)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_also_read_the_folders_of_version_0_1(system, home, monkeypatch):
    monkeypatch.setattr(folders.sys, "platform", system)
    assert config_folders()[1:] == (home / ".config/lle",)
    assert data_folders()[1:] == (home / ".local/share/lle",)


def test_listed_folders_are_separated_as_in_path(monkeypatch):
    monkeypatch.setenv("SOME_FOLDERS", "/a::/b")
    assert listed_folders("SOME_FOLDERS") == (Path("/a"), Path("/b"))
    monkeypatch.delenv("SOME_FOLDERS")
    assert listed_folders("SOME_FOLDERS") == ()


def test_a_user_file_of_version_0_1_is_read_until_there_is_a_new_one(monkeypatch, tmp_path):
    new, earlier = tmp_path / "new", tmp_path / "earlier"
    monkeypatch.setattr("lowlight_cli.cli.config_loader.config_folders", lambda: (new, earlier))
    assert user_file() == new / "config.toml"
    earlier.mkdir()
    (earlier / "config.toml").touch()
    assert user_file() == earlier / "config.toml"
    new.mkdir()
    (new / "config.toml").touch()
    assert user_file() == new / "config.toml"
