"""Every command that prints a table, at several widths: numbers are whole or not shown."""

import re

import numpy as np
import pytest
from PIL import Image

from lowlight_cli.cli.tables import print_table, table
from lowlight_cli.cli.train_ablate import table_columns
from lowlight_cli.counted import counted
from lowlight_cli.detection.exdark import CLASSES
from lowlight_cli.training.ablation import Row, table_lines
from tests.cli.run_records import add_entries, failed_entry

WIDTHS = (60, 80, 100, 120)
LEFT_OUT = re.compile(r"(\d+) columns? not shown; widen the window or use (.+)")


@pytest.fixture
def photos(run_folder):
    """Results of a run with long names, and one failure."""
    out = run_folder([f"a trip to the sea in winter/{'night' * 8}-{i}.jpg" for i in range(3)])
    add_entries(out, failed_entry("bad.jpg"))
    return out


@pytest.fixture
def pairs(tmp_path, make_picture):
    """Two pairs."""
    (tmp_path / "gt").mkdir()
    for index in range(2):
        dark = make_picture(tmp_path / "low" / f"{index}.png", seed=index)
        bright = np.asarray(Image.open(dark)).astype(int) + 20 + index
        Image.fromarray(bright.clip(0, 255).astype(np.uint8)).save(tmp_path / "gt" / f"{index}.png")
    return tmp_path / "low", tmp_path / "gt"


def framed(text):
    """Heads, columns of cells, and the lines below, of a table in a frame."""
    lines = text.splitlines()
    top = next(i for i, line in enumerate(lines) if line.startswith("┏"))
    bottom = next(i for i, line in enumerate(lines) if line.startswith("└"))
    head_rows = [line for line in lines[top:bottom] if line.startswith("┃")]
    heads = [
        " ".join(parts).split() for parts in zip(*(row[1:-1].split("┃") for row in head_rows), strict=True)
    ]
    rows = [line[1:-1].split("│") for line in lines[top:bottom] if line.startswith("│")]
    columns = [[cell.strip() for cell in column] for column in zip(*rows, strict=True)]
    return [" ".join(head) for head in heads], columns, lines[bottom + 1 :]


def check(print_at, texts, option):
    """Compares what is printed at each width with the whole table.

    Args:
        print_at: Gives the output at a width; None is unbounded.
        texts: Heads of the columns that hold no numbers.
        option: What a line below the table advises.
    """
    whole_heads, whole, below = framed(print_at(None))
    assert not any(LEFT_OUT.match(line) for line in below)
    for width in WIDTHS:
        text = print_at(width)
        heads, columns, below = framed(text)
        drawn = [line for line in text.splitlines() if line[:1] in "┏┃┡│└" or LEFT_OUT.match(line)]
        assert max(map(len, drawn)) <= width, text
        assert heads == [head for head in whole_heads if head in heads]
        assert heads[0] == whole_heads[0]
        for head, cells in zip(heads, columns, strict=True):
            assert any(cells)
            if head not in texts:
                assert [cell for cell in cells if cell] == [
                    cell for cell in whole[whole_heads.index(head)] if cell
                ]
        told = [found.groups() for line in below if (found := LEFT_OUT.match(line))]
        missing = len(whole_heads) - len(heads)
        assert told == ([(str(missing), option)] if missing else [])
        assert not missing or any(line.startswith(counted(missing, "column")) for line in below)


@pytest.fixture
def printed(run_lle, monkeypatch):
    """Gives what a command prints at a width."""

    def at(*arguments):
        def output(width):
            monkeypatch.setenv("COLUMNS", str(width or 0))
            run = run_lle(*arguments)
            assert run.code == 0, run.err
            return run.out

        return output

    return at


@pytest.mark.parametrize("options", [(), ("--wide",)])
def test_report(printed, photos, options):
    check(printed("report", photos, *options), ("image", "status", "note"), "--format csv")
    assert printed("report", photos, "--format", "csv")(60)


def test_the_short_report_shows_name_brightness_and_note(printed, photos):
    heads, columns, _ = framed(printed("report", photos)(60))
    assert heads == ["image", "brightness %", "note"]
    assert columns[0][1].startswith("a trip")
    assert "…" in columns[0][1]
    assert columns[0][1].endswith(".jpg")


def test_eval(printed, pairs):
    low, gt = pairs
    metrics = "psnr,ssim,mae,psnr_y,ssim_y,ssim_rgb"
    words = (
        "eval",
        "--low",
        low,
        "--gt",
        gt,
        "-m",
        "input",
        "-m",
        "gamma",
        "--metrics",
        metrics,
        "--gt-mean",
    )
    check(printed(*words), ("method",), "--json")
    assert printed(*words, "--json")(60)


def test_the_images_of_eval(printed, pairs):
    low, gt = pairs
    output = printed(
        "eval", "--pred", low, "--gt", gt, "--per-image", "--metrics", "psnr,ssim,mae,ssim_y,ssim_rgb"
    )
    check(lambda width: output(width).split("\n\n", 1)[1], ("image",), "--json")


@pytest.fixture
def detections(tmp_path, make_picture):
    """Two pictures with a box of each class, and the output of two detectors."""
    (tmp_path / "set" / "labels" / "test").mkdir(parents=True)
    names = "".join(f"  {i}: {name}\n" for i, name in enumerate(CLASSES))
    (tmp_path / "set" / "data.yaml").write_text(f"path: .\ntest: images/test\nnames:\n{names}")
    boxes = [f"{i} {0.1 + 0.06 * i:.2f} 0.5 0.1 0.4" for i in range(len(CLASSES))]
    for number in range(2):
        make_picture(tmp_path / "set" / "images" / "test" / f"{number}.png")
        (tmp_path / "set" / "labels" / "test" / f"{number}.txt").write_text("\n".join(boxes))
        for name, found in (("every", boxes), ("some", boxes[:7])):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{number}.txt").write_text("".join(f"{box} 0.9\n" for box in found))
    return tmp_path


def test_detect_eval(printed, detections):
    words = ("detect-eval", detections / "set", "--pred", detections / "every", "--pred", detections / "some",
             "--resamples", 20)  # fmt: skip
    check(printed(*words), ("method",), "--json")
    assert printed(*words, "--json")(60)
    heads, _, _ = framed(printed(*words)(60))
    assert heads == ["method", "mAP50", "mAP50-95", "Δ mAP50"]


def test_train_ablate(capsys, monkeypatch):
    rows = [
        Row(name, f"without {name}", 2_345_678, 1_234_567, 100, 21.239, 0.81239, 0.4567)
        for name in ("full", "b")
    ]
    heads, *cells = table_lines(rows)

    def output(width):
        monkeypatch.setenv("COLUMNS", str(width or 0))
        print_table(table(table_columns(heads), cells))
        return capsys.readouterr().out

    check(output, ("row", "variant"), "--json")


@pytest.mark.parametrize("words", [("datasets", "list"), ("models", "list")])
def test_lists_without_a_frame(printed, tmp_path, monkeypatch, words):
    data = tmp_path / "a folder" / ("of" * 40)
    (data / "LIME").mkdir(parents=True)
    monkeypatch.setenv("LLE_DATA_ROOT", str(data))
    output = printed(*words)
    whole = cells_by_head(output(None))
    for width in WIDTHS:
        text = output(width)
        assert max(map(len, text.splitlines())) <= width
        shown = cells_by_head(text)
        first = next(iter(whole))
        assert shown[first] == whole[first]
        assert shown.get("images") == whole.get("images")
        missing = len(whole) - len(shown)
        assert LEFT_OUT.findall(text) == ([(str(missing), "--json")] if missing else [])


def cells_by_head(text):
    """Columns of a list; the second and later lines of a cell, and notes below, are left out."""
    lines = [line for line in text.splitlines() if not line.startswith(" ") and not LEFT_OUT.match(line)]
    heads, *rows = [cells for line in lines if len(cells := re.split("  +", line)) > 1]
    return dict(zip(heads, zip(*rows, strict=True), strict=True))


def test_a_dry_run_cuts_names_in_the_middle(printed, run_folder, tmp_path):
    names = [f"{'a very long name ' * 3}{'night' * 8}-{i}.jpg" for i in range(3)]
    run_folder(names)
    output = printed("enhance", "-n", tmp_path / "in", "-o", tmp_path / "elsewhere", "-m", "identity")
    assert all(f"-> {tmp_path}/elsewhere/{name}" in output(None) for name in names)
    for width in WIDTHS:
        lines = output(width).splitlines()
        assert max(map(len, lines)) <= width
        for line, name in zip(lines, names, strict=True):
            action, source, target, size = re.split("  +", line)
            assert (action, size, target[:3]) == ("make", "0.0 MP", "-> ")
            assert source.endswith(name[-6:])
