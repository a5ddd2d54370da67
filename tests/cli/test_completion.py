"""What Tab offers: values after `=`, lists without repeats, devices of the machine, settings of recipes."""

import os
import re
import subprocess
import sys

import pytest

from lowlight_cli.cli import options


@pytest.fixture
def tab(root):
    """Words that a shell gets for the beginning of a line."""

    def ask(line, shell="bash"):
        environment = {**os.environ, "_LLE_COMPLETE": f"complete_{shell}"}
        if shell == "bash":
            # Bash splits words at "=" and ":", too.
            words = [part for word in line.split(" ") for part in re.split(r"([=:]+)", word) if part]
            words += [""] if line.endswith(" ") else []
            environment |= {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
        else:
            environment |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
            environment |= {"_TYPER_COMPLETE_WORD_TO_COMPLETE": line.split(" ")[-1]}
        done = subprocess.run(
            [sys.executable, "-m", "lowlight_cli"],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    return ask


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("lle enhance --format=j", ["jpg"]),
        ("lle enhance --format=", ["keep", "jpg", "png", "tiff", "webp", "avif"]),
        ("lle enhance --format j", ["jpg"]),
        ("lle eval --metrics psnr,psn", ["psnr,psnr_y"]),
        ("lle eval --metrics=psnr,psn", ["psnr,psnr_y"]),
        ("lle train codeenhance --precision=b", ["bf16"]),
        ("lle train vqgan --set run.st", ["run.steps="]),
        ("lle train vqgan --set=run.st", ["run.steps="]),
        ("lle train bench vqgan --set codes", ["codes_from="]),
        ("lle help trai", ["train"]),
        ("lle help train vqg", ["vqgan"]),
        ("lle config set enhance.qual", ["enhance.quality"]),
        ("lle config set enhance.format j", ["jpg"]),
        ("lle config set enhance.recursive ", ["true", "false"]),
        ("lle config get colo", ["color"]),
    ],
)
def test_bash_completes_the_last_part_of_a_word(tab, line, offered):
    assert tab(line) == offered


def test_help_offers_all_commands(tab):
    assert {"enhance", "train", "config", "help"} <= set(tab("lle help "))


def test_a_list_does_not_offer_what_it_has(tab):
    offered = tab("lle eval --metrics psnr,ssim,")
    assert len(offered) > 5
    assert {"psnr,ssim,psnr", "psnr,ssim,ssim"} & set(offered) == set()


@pytest.mark.parametrize("shell", ["fish", "powershell"])
def test_other_shells_complete_the_whole_word(tab, shell):
    assert [line.partition(":::")[0] for line in tab("lle enhance --format=j", shell)] == ["--format=jpg"]


def test_zsh_completes_the_whole_word_and_shows_help(tab):
    assert tab("lle enhance --format=j", "zsh") == ["""_arguments '*: :(("--format=jpg"))'"""]
    (line,) = tab("lle enhanc", "zsh")
    assert '"enhance":"Brighten photos' in line


def test_completion_imports_neither_torch_nor_rich(root):
    probe = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('loaded', sorted(set(sys.modules) & {'torch', 'rich', 'pydantic'})))\n"
        "from lowlight_cli.cli.app import main\nmain([])\n"
    )
    environment = {
        **os.environ,
        "_LLE_COMPLETE": "complete_zsh",
        "_TYPER_COMPLETE_ARGS": "lle train vqgan --set run.st",
    }
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert "run.steps=" in done.stdout
    assert "loaded []" in done.stdout


@pytest.mark.parametrize(
    ("nodes", "visible", "found"),
    [
        ([], None, []),
        (["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"], None, ["cuda", "cuda:0", "cuda:1"]),
        (["nvidia0", "nvidia1"], "1", ["cuda", "cuda:0"]),
        (["nvidia0"], "", []),
        (["dxg"], None, ["cuda"]),
    ],
)
def test_only_devices_of_the_machine_are_offered(tmp_path, monkeypatch, nodes, visible, found):
    monkeypatch.setattr(options.sys, "platform", "linux")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    for node in nodes:
        (tmp_path / node).touch()
    assert options._gpus(tmp_path) == found


@pytest.mark.parametrize(
    ("gpus", "typed", "found"),
    [
        (["cuda", "cuda:0", "cuda:1"], "cuda:", ["cuda:0", "cuda:1", "cuda:all"]),
        (["cuda", "cuda:0", "cuda:1"], "cuda:1", ["cuda:1"]),
        (["cuda", "cuda:0"], "cuda:", ["cuda:0"]),
        ([], "", ["auto", "cpu"]),
    ],
)
def test_all_gpus_are_offered_where_there_are_several(monkeypatch, gpus, typed, found):
    monkeypatch.setattr(options, "_gpus", lambda nodes: gpus)
    assert options.complete_devices(typed) == found


def test_the_script_of_bash_adds_no_space_after_an_equals_sign(root):
    done = subprocess.run(
        [sys.executable, "-m", "lowlight_cli"],
        cwd=root,
        env={**os.environ, "_LLE_COMPLETE": "source_bash"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "*= ]] && compopt -o nospace" in done.stdout
