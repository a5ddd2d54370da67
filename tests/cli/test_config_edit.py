"""Writing configuration: a template, one key, and an editor; reading one key."""

import json
import os
import tomllib

import pytest

from lowlight_cli.cli.app import app
from lowlight_cli.cli.config_template import template
from lowlight_cli.cli.typer_app import finished

COMMENTED = """# mine

[enhance]   # photos
quality = 80   # for the web
# suffix = "_x"

[profile.web.enhance]
quality = 70
"""


@pytest.fixture(autouse=True)
def here(without_config):
    return without_config


def uncommented(text):
    """A template with all keys set that have a default."""
    return "\n".join(
        line if line.startswith("[") else line.removeprefix("# ")
        for line in text.splitlines()[1:]
        if not line.partition("=")[2].lstrip().startswith("#")
    )


def test_init_never_overwrites(run_lle, here, tmp_path):
    run = run_lle("config", "init")
    assert (run.code, run.out) == (0, "")
    text = (here / "lle.toml").read_text()
    assert "# quality = 95" in text
    (here / "lle.toml").write_text("mine")
    run = run_lle("config", "init", "--no-config")
    assert run.code == 2
    assert "exists" in run.err
    assert (here / "lle.toml").read_text() == "mine"
    (here / "lle.toml").unlink()
    assert run_lle("config", "init", "--user", "-q") == (0, "", "")
    assert (tmp_path / "home" / "lle" / "config.toml").read_text() == text


@pytest.mark.parametrize(
    ("command", "tables"),
    [
        ("enhance", ["[enhance]"]),
        ("train.vqgan", []),
        ("datasets", ["[datasets]", "[datasets.synthesize]", "[datasets.check]"]),
    ],
)
def test_init_of_a_command_writes_only_its_tables(run_lle, here, command, tables):
    assert run_lle("config", "init", command).code == 0
    text = (here / "lle.toml").read_text()
    found = [line for line in text.splitlines() if line.startswith("[")]
    assert found == tables or (not tables and found == ["[train.vqgan]"])
    assert "# color" not in text


def test_init_of_an_unknown_command_writes_nothing(run_lle, here):
    run = run_lle("config", "init", "enhence")
    assert run.code == 2
    assert "did you mean 'enhance'?" in run.err
    assert list(here.iterdir()) == []


def test_everything_in_the_template_is_true(run_lle, here):
    whole = template(finished(app))
    headed = [line for line in whole.splitlines() if line.startswith("[")]
    assert {"[enhance]", "[train]", "[train.glare]", "[models.info]"} <= set(headed)
    assert len(whole.splitlines()) < 280
    text = uncommented(whole)
    assert tomllib.loads(text)["enhance"]["quality"] == 95
    assert len(text.splitlines()) > 60
    (here / "lle.toml").write_text(text)
    run = run_lle("config", "show", "--changed", "--json")
    assert (run.code, run.err) == (0, "")
    assert {row["origin"] for row in json.loads(run.out)} == {"./lle.toml"}


def test_set_keeps_what_is_in_the_file(run_lle, here):
    (here / "lle.toml").write_text(COMMENTED)
    run = run_lle("config", "set", "enhance.quality", "92")
    assert (run.code, run.out) == (0, "")
    assert run.err == "lle.toml: enhance.quality = 92\n"
    assert (here / "lle.toml").read_text() == COMMENTED.replace("quality = 80", "quality = 92")
    assert run_lle("config", "get", "enhance.quality").out == "92\n"


@pytest.mark.parametrize(
    ("key", "values", "tree"),
    [
        ("color", ["never"], {"color": "never"}),
        ("enhance.bit-depth", ["16"], {"enhance": {"bit-depth": "16"}}),
        ("enhance.bit_depth", ["16"], {"enhance": {"bit-depth": "16"}}),
        ("enhance.max-pixels", ["200M"], {"enhance": {"max-pixels": "200M"}}),
        ("enhance.recursive", ["false"], {"enhance": {"recursive": False}}),
        ("enhance.contrast", ["1.5"], {"enhance": {"contrast": 1.5}}),
        ("enhance.exclude", ["a*", "b*"], {"enhance": {"exclude": ["a*", "b*"]}}),
        ("enhance.exclude", ["a*"], {"enhance": {"exclude": ["a*"]}}),
        ("train.vqgan.lr", ["1e-4"], {"train": {"vqgan": {"lr": 1e-4}}}),
        ("train.device", ["cpu"], {"train": {"device": "cpu"}}),
        ("profile.web.enhance.quality", ["80"], {"profile": {"web": {"enhance": {"quality": 80}}}}),
    ],
)
def test_set_writes_values_as_the_option_takes_them(run_lle, here, key, values, tree):
    run = run_lle("config", "set", "-q", key, *values)
    assert run == (0, "", "")
    assert tomllib.loads((here / "lle.toml").read_text()) == tree
    assert run_lle("config", "show").code == 0


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ("enhance.qualty", ["1"], "unknown key 'qualty'; did you mean 'quality'?"),
        ("enhence.quality", ["1"], "did you mean 'enhance'?"),
        ("enhance.quality", ["300"], "quality: expected 100 or less, not 300"),
        ("enhance.quality", ["x"], "quality: expected a whole number, not 'x'"),
        ("enhance.quality", ["1", "2"], "takes one value, not 2"),
        ("enhance.recursive", ["1"], "expected true or false"),
        ("enhance.out", ["x"], "out can only be given on the command line"),
        ("profile.web", ["x"], "names no key"),
        ("enhance", ["x"], "enhance is a section"),
    ],
)
def test_set_refuses_what_would_be_a_mistake(run_lle, here, key, values, words):
    (here / "lle.toml").write_text(COMMENTED)
    run = run_lle("config", "set", key, *values)
    assert (run.code, run.out) == (2, "")
    assert words in run.err
    assert (here / "lle.toml").read_text() == COMMENTED


def test_set_writes_to_the_file_that_applies(run_lle, here, tmp_path):
    (here / "pyproject.toml").write_text("[tool.other]\nx = 1\n\n[tool.lle]\ncolor = 'never'\n")
    assert run_lle("config", "set", "enhance.quality", "92").code == 0
    tree = tomllib.loads((here / "pyproject.toml").read_text())
    assert tree["tool"] == {"other": {"x": 1}, "lle": {"color": "never", "enhance": {"quality": 92}}}
    assert not (here / "lle.toml").exists()
    assert run_lle("config", "set", "enhance.quality", "91", "--config", "own.toml").code == 2  # is missing
    (here / "own.toml").touch()
    assert run_lle("config", "set", "enhance.quality", "91", "--config", "own.toml").code == 0
    assert tomllib.loads((here / "own.toml").read_text()) == {"enhance": {"quality": 91}}
    assert run_lle("config", "set", "enhance.reference", "look.jpg", "--user").code == 0
    users = tomllib.loads((tmp_path / "home" / "lle" / "config.toml").read_text())
    assert users == {"enhance": {"reference": str(here / "look.jpg")}}


def test_set_follows_a_link_and_keeps_permissions(run_lle, here, tmp_path):
    (tmp_path / "dotfiles.toml").write_text(COMMENTED)
    (tmp_path / "dotfiles.toml").chmod(0o600)
    (here / "lle.toml").symlink_to(tmp_path / "dotfiles.toml")
    assert run_lle("config", "set", "enhance.quality", "92").code == 0
    assert (here / "lle.toml").is_symlink()
    assert "quality = 92" in (tmp_path / "dotfiles.toml").read_text()
    assert (tmp_path / "dotfiles.toml").stat().st_mode & 0o777 == 0o600


def test_set_leaves_a_file_that_is_not_toml_alone(run_lle, here):
    (here / "lle.toml").write_text("[enhance")
    run = run_lle("config", "set", "enhance.quality", "92")
    assert run.code == 2
    assert "cannot read configuration lle.toml" in run.err
    assert (here / "lle.toml").read_text() == "[enhance"


def test_get_prints_plain_values(run_lle, here, monkeypatch):
    (here / "lle.toml").write_text('[enhance]\nexclude = ["a b", "c"]\nsuffix = "_é"\n')
    assert run_lle("config", "get", "enhance.exclude").out == "a b\nc\n"
    assert run_lle("config", "get", "enhance.suffix").out == "_é\n"
    assert run_lle("config", "get", "enhance.recursive", "-q").out == "true\n"
    assert run_lle("config", "get", "enhance.flatten") == (0, "", "")
    assert json.loads(run_lle("config", "get", "enhance.exclude", "--json").out) == ["a b", "c"]
    monkeypatch.setenv("LLE_ENHANCE_QUALITY", "50")
    assert run_lle("config", "get", "enhance.quality").out == "50\n"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("enhance.qualty", "did you mean 'quality'?"),
        ("enhence.quality", "did you mean 'enhance'?"),
        ("train.device", "'train' is a group of commands; name one, such as train.semantic.device"),
        ("qiet", "did you mean 'quiet'?"),
    ],
)
def test_get_refuses_unknown_keys(run_lle, key, words):
    run = run_lle("config", "get", key)
    assert (run.code, run.out) == (2, "")
    assert words in run.err


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """Makes an editor that appends a text to its file."""

    def make(text, code=0):
        script = tmp_path / "an editor"
        script.write_text(f"#!/bin/sh\nprintf '%s' '{text}' >> \"$2\"\nexit {code}\n")
        script.chmod(0o755)
        monkeypatch.setenv("VISUAL", f"'{script}' --wait")

    return make


@pytest.mark.skipif(os.name == "nt", reason="the editor is a shell script")
def test_edit_opens_a_template_and_checks_the_file_afterwards(run_lle, here, editor):
    editor("[profile.web.enhance]\nquality = 80\n")
    assert run_lle("config", "edit") == (0, "", "")
    assert tomllib.loads((here / "lle.toml").read_text())["profile"] == {"web": {"enhance": {"quality": 80}}}
    assert "# quality = 95" in (here / "lle.toml").read_text()
    editor("qualty = 1\n")
    run = run_lle("config", "edit", "--no-config")
    assert run.code == 0
    assert "unknown key 'qualty'" in run.err


def test_an_editor_that_fails_is_named(run_lle, here, editor, monkeypatch):
    editor("", code=3)
    run = run_lle("config", "edit")
    assert run.code == 2
    assert "ended with exit code 3" in run.err
    monkeypatch.setenv("VISUAL", "no-such-editor")
    assert "cannot start the editor 'no-such-editor'" in run_lle("config", "edit").err
