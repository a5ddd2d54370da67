"""Configuration: which files count, what wins, and what is refused."""

import json
import re
import tomllib

import pytest

from lowlight_cli.cli.app import app
from lowlight_cli.cli.typer_app import finished


@pytest.fixture(autouse=True)
def here(without_config):
    return without_config


@pytest.fixture
def users(tmp_path):
    """The user's file; its folder exists."""
    (tmp_path / "home" / "lle").mkdir(parents=True)
    return tmp_path / "home" / "lle" / "config.toml"


@pytest.fixture
def held(run_lle):
    """Value and origin of an option of enhance, as `lle config show` tells them."""

    def ask(key, *options, section="enhance"):
        narrow = [section] if section else []
        run = run_lle("config", "show", "--json", *narrow, *options)
        assert (run.code, run.err) == (0, "")
        return next(
            (row["value"], row["origin"])
            for row in json.loads(run.out)
            if (row["section"], row["key"]) == (section, key)
        )

    return ask


def test_what_wins(held, run_lle, here, users, monkeypatch):
    assert held("device") == ("auto", "default")
    users.write_text('[enhance]\ndevice = "cuda:1"\nworkers = 7\n')
    assert held("device") == ("cuda:1", str(users))
    (here / "pyproject.toml").write_text('[tool.lle.enhance]\ndevice = "cuda:2"\n')
    assert held("device") == ("cuda:2", "./pyproject.toml")
    (here / "lle.toml").write_text('[enhance]\ndevice = "cuda:3"\n')
    assert held("device") == ("cuda:3", "./lle.toml")
    (here / "chosen.toml").write_text('[enhance]\ndevice = "cuda:4"\n')
    assert held("device", "--config", "chosen.toml") == ("cuda:4", "./chosen.toml")
    monkeypatch.setenv("LLE_CONFIG", "chosen.toml")
    assert held("device") == ("cuda:4", "./chosen.toml")
    monkeypatch.setenv("LLE_DEVICE", "cuda:5")
    assert held("device") == ("cuda:5", "LLE_DEVICE")
    monkeypatch.setenv("LLE_ENHANCE_DEVICE", "cuda:6")
    assert held("device") == ("cuda:6", "LLE_ENHANCE_DEVICE")
    assert held("workers") == (7, str(users))
    printed = run_lle("train", "vqgan", "-o", "run", "--print-config", "--device", "cuda:7").out
    assert tomllib.loads(printed)["run"]["device"] == "cuda:7"


def test_values_of_files_reach_the_commands(run_lle, here):
    (here / "lle.toml").write_text(
        '[train]\ndevice = "cpu"\nseed = 3\n[train.vqgan]\nseed = 4\nlr = 0.5\ndata = ["a", "/b"]\n'
    )
    printed = tomllib.loads(run_lle("train", "vqgan", "-o", "run", "--print-config").out)
    assert (printed["run"]["device"], printed["run"]["seed"]) == ("cpu", 4)
    assert printed["optimizer"]["learning_rate"] == 0.5
    assert printed["data"]["photos"] == ["a", "/b"]
    printed = tomllib.loads(run_lle("train", "semantic", "-o", "run", "--print-config", "--seed", "5").out)
    assert (printed["run"]["device"], printed["run"]["seed"]) == ("cpu", 5)


def test_a_file_can_change_what_enhance_does(run_lle, here, make_picture):
    make_picture(here / "in" / "a.png")
    (here / "lle.toml").write_text('[enhance]\nmodel = "identity"\nformat = "webp"\njson = true\n')
    run = run_lle("enhance", "in", "-o", "out/", "--dry-run")
    assert json.loads(run.out.splitlines()[0])["out"].endswith("a.webp")


def test_profiles_go_before_the_rest(held, run_lle, here, users, monkeypatch):
    users.write_text('[profile.archive.enhance]\nquality = 99\nformat = "tiff"\n')
    (here / "lle.toml").write_text('[enhance]\nquality = 80\n[profile.archive.enhance]\nformat = "png"\n')
    assert held("quality") == (80, "./lle.toml")
    assert held("quality", "--profile", "archive") == (99, f"{users}, profile archive")
    monkeypatch.setenv("LLE_PROFILE", "archive")
    assert held("format") == ("png", "./lle.toml, profile archive")
    run = run_lle("config", "show", "--profile", "archiv")
    assert (run.code, run.out) == (2, "")
    assert "did you mean 'archive'" in run.err


def test_no_config_reads_nothing(held, run_lle, here):
    (here / "lle.toml").write_text("[enhance]\nquality = 80\n")
    assert held("quality", "--no-config") == (95, "default")
    assert run_lle("config", "show", "--no-config", "--config", "lle.toml").code == 2


def test_global_options_can_be_set_at_the_top(held, here, tmp_path):
    (here / "lle.toml").write_text('color = "never"\nlog-file = "all.log"\n')
    assert held("color", section="") == ("never", "./lle.toml")
    assert held("log-file", "--color", "always", section="") == ("all.log", "./lle.toml")
    assert held("color", "--color", "always", section="") == ("always", "command line")
    assert (here / "all.log").read_text().count("called as") == 3


def test_paths_count_from_the_folder_of_their_file(held, users):
    users.write_text('[enhance]\nreference = "look.jpg"\ncheckpoint = "/w.safetensors"\n')
    assert held("reference")[0] == str(users.parent / "look.jpg")
    assert held("checkpoint")[0] == "/w.safetensors"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[enhence]", "unknown section [enhence]; did you mean 'enhance'?"),
        ("[train.vqgam]", "unknown section [train.vqgam]; did you mean 'vqgan'?"),
        ("[profiles.web.enhance]", "unknown section [profiles]; did you mean [profile.web]?"),
        ("[profil]", "unknown section [profil]; did you mean [profile.NAME]?"),
        ("[enhance]\nqualty = 1", "[enhance] unknown key 'qualty'; did you mean 'quality'?"),
        ("[profile.a.enhance]\nqualty = 1", "profile a: [enhance] unknown key 'qualty'"),
        ("qiet = true", "at the top unknown key 'qiet'; did you mean 'quiet'?"),
        ("enhance = 1", "at the top enhance is a section; write it as a table"),
        ('profile = "a"', "profiles are tables"),
        ("[enhance]\nquality = '80'", "[enhance] quality: expected a whole number, not '80'"),
        ("[enhance]\nquality = true", "[enhance] quality: expected a whole number, not true"),
        ("[enhance]\nquality = 101", "[enhance] quality: expected 100 or less, not 101"),
        ("[enhance]\nstrength = 'a'", "[enhance] strength: expected a number, not 'a'"),
        ("[enhance]\nrecursive = 1", "[enhance] recursive: expected true or false, not 1"),
        ("[enhance]\nformat = 'bmp'", "[enhance] format: 'bmp' is not one of 'keep', 'jpg'"),
        ("[enhance]\nmodel = true", "[enhance] model: expected text, not true"),
        ("[enhance]\ntile = 'x'", "[enhance] tile: 'x' is not auto, off"),
        ("[enhance]\nout = 'x'", "[enhance] out can only be given on the command line"),
        ("[enhance]\nin-place = true", "[enhance] in-place can only be given on the command line"),
        ("[enhance", "cannot read"),
    ],
)
def test_mistakes_name_file_and_key(run_lle, here, text, words):
    (here / "lle.toml").write_text(text)
    run = run_lle("models", "list")
    assert (run.code, run.out) == (2, "")
    assert "lle.toml" in run.err
    assert words in run.err
    assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize("text", ["qiet = true\n[enhance]\nqualty = 1\nquality = 70\n", "[enhance"])
@pytest.mark.parametrize(
    "words",
    ["doctor", "schema", "help", "version", "models path", "config path", "config show", "config get color"],
)
def test_a_mistake_is_a_warning_for_commands_that_help(run_lle, here, text, words):
    (here / "lle.toml").write_text(text)
    run = run_lle(*words.split())
    assert run.code == 0
    assert run.out or words == "config get color"
    warnings = run.err.splitlines()
    assert len(warnings) == (2 if "qiet" in text else 1)
    assert all(line.startswith("lle: warning: ") and "lle.toml" in line for line in warnings)


def test_what_is_right_in_a_file_with_a_mistake_is_shown(run_lle, here):
    (here / "lle.toml").write_text("[enhance]\nqualty = 1\nquality = 70\n[train.vqgam]\nseed = 1\n")
    run = run_lle("config", "show", "--changed")
    assert (run.code, run.out) == (0, "[enhance]\nquality = 70\n")
    assert "unknown key 'qualty'" in run.err
    assert "unknown section [train.vqgam]" in run.err
    assert run_lle("config", "show", "--changed", "-q").err == ""


def test_a_chosen_file_must_be_there(run_lle):
    run = run_lle("--config", "none.toml", "models", "path")
    assert run.code == 2
    assert "none.toml" in run.err


def test_a_foreign_pyproject_is_left_alone(run_lle, here):
    (here / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert run_lle("models", "path").code == 0
    (here / "pyproject.toml").write_text("this is no TOML")
    assert run_lle("models", "path").code == 0


def test_help_works_with_a_broken_file(run_lle, here):
    (here / "lle.toml").write_text("[enhence]")
    for words in (["--help"], ["enhance", "--help"], ["--version"]):
        assert run_lle(*words).code == 0


def test_a_wrong_variable_is_named(run_lle, monkeypatch):
    monkeypatch.setenv("LLE_ENHANCE_QUALITY", "high")
    for words in (["enhance", "in", "-o", "out/"], ["config", "show"]):
        run = run_lle(*words)
        assert (run.code, run.out) == (2, "")
        assert "LLE_ENHANCE_QUALITY" in run.err


def test_the_place_for_results_has_no_variable(run_lle, make_picture, here, monkeypatch):
    make_picture(here / "in" / "a.png")
    monkeypatch.setenv("LLE_OUT", "out/")
    monkeypatch.setenv("LLE_ENHANCE_OUT", "out/")
    run = run_lle("enhance", "in", "--dry-run")
    assert (run.code, "in_enhanced/a.png" in run.out) == (0, True)


@pytest.mark.parametrize("value", ["0.4", "'40%'", "1"])
def test_numbers_with_other_spellings_are_numbers(run_lle, here, value):
    (here / "lle.toml").write_text(f"[enhance]\nonly-dark = {value}\nformat = 'jpeg'\n")
    assert run_lle("models", "path").code == 0


def test_show_prints_a_file_that_can_be_used(run_lle, here, held):
    (here / "lle.toml").write_text('[enhance]\nquality = 71\nsuffix = "_\\"é"\n')
    (here / "again.toml").write_text(run_lle("config", "show").out)
    text = run_lle("config", "show", "--config", "again.toml").out
    (here / "again.toml").write_text(text)
    assert held("quality", "--config", "again.toml") == (71, "./again.toml")
    assert held("suffix", "--config", "again.toml") == ('_"é', "./again.toml")
    assert run_lle("config", "show", "--config", "again.toml").out == text


def test_show_can_be_narrowed(run_lle, here):
    (here / "lle.toml").write_text("[enhance]\nquality = 71\n[train.vqgan]\nseed = 1\n")
    run = run_lle("config", "show", "--changed", "--origin")
    assert run.out == "[enhance]\nquality = 71  # ./lle.toml\n\n[train.vqgan]\nseed = 1  # ./lle.toml\n"
    assert run_lle("config", "show", "train", "--changed").out == "[train.vqgan]\nseed = 1\n"
    assert run_lle("config", "show", "trian").code == 2


def test_path_says_what_is_read(run_lle, here, users):
    users.write_text("")
    rows = json.loads(run_lle("config", "path", "--json").out)
    assert rows == [
        {"path": "lle.toml", "read": False},
        {"path": "pyproject.toml", "read": False},
        {"path": str(users), "read": True},
    ]


def test_the_file_in_the_documentation_is_a_good_one(run_lle, root, here):
    page = (root / "docs" / "configuration.md").read_text()
    (here / "lle.toml").write_text(page.partition("```toml\n")[2].partition("```")[0])
    run = run_lle("config", "show", "--changed", "--json", "--profile", "archive")
    assert run.code == 0, run.err
    rows = {(row["section"], row["key"]): row for row in json.loads(run.out)}
    assert rows["enhance", "bit-depth"]["value"] == "16"
    assert rows["train.codeenhance", "data"]["value"] == ["photos/day", "photos/night"]
    assert rows["train.vqgan", "device"]["value"] == "cuda"


def test_variables_in_the_documentation_exist(root):
    from lowlight_cli.cli.doctor import known_variables
    from lowlight_cli.cli.doctor_checks import OWN_VARIABLES

    page = (root / "docs" / "configuration.md").read_text()
    named = set(re.findall(r"LLE_[A-Z_]+[A-Z]", page))
    assert len(named) > 15
    assert named <= known_variables(finished(app)) | OWN_VARIABLES.keys()
