"""Summaries, marks, changes and published rows, from scores that are written out here."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from lowlight_cli.datasets.catalog import DATASETS
from lowlight_cli.datasets.matching import Problem
from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.columns import column_named
from lowlight_cli.evaluation.compare import compare, read_baseline
from lowlight_cli.evaluation.grid import Mark, extremes, image_grid, method_grid
from lowlight_cli.evaluation.html_report import chart_of, page_values
from lowlight_cli.evaluation.protocols import PROTOCOLS
from lowlight_cli.evaluation.published import PUBLISHED, published_for
from lowlight_cli.evaluation.render_csv import as_csv
from lowlight_cli.evaluation.render_json import as_json, as_json_lines
from lowlight_cli.evaluation.render_text import as_markdown, as_plain, extreme_lines
from lowlight_cli.evaluation.result import EvalData, Evaluation, MethodResult, Runtime, ScoredImage
from lowlight_cli.evaluation.summary import summarize


def method(name, psnr, lpips, *, expected=None, runtime=None, problems=()):
    images = tuple(
        ScoredImage(
            f"p{index}", Path(f"low/p{index}.png"), Path(f"gt/p{index}.png"), 8, 6, {"psnr": a, "lpips": b}
        )
        for index, (a, b) in enumerate(zip(psnr, lpips, strict=True))
    )
    return MethodResult(name, {"kind": "files"}, images, problems, expected or len(images), runtime)


def evaluation(*methods, name="LOL", protocol="lle"):
    columns = (column_named("psnr"), column_named("lpips"))
    return Evaluation(EvalData(name, "test", None, Path("gt")), PROTOCOLS[protocol], columns, methods)


@pytest.fixture
def three():
    return evaluation(
        method("one_&", [20.0, 22.0], [0.3, 0.1], runtime=Runtime(1234.5, 2, {"8x6": 1234.5})),
        method("two", [25.0, 15.0], [0.1, 0.1]),
        method("part", [40.0], [0.0], expected=2, problems=(Problem(Path("gt/p1.png"), "missing", "gone"),)),
    )


def marks(grid, column):
    place = grid.heads.index(column)
    return [row[place].mark for row in grid.rows]


def test_summary_by_hand():
    found = summarize([1.0, None, 2.0, 6.0])
    assert (found.mean, found.median, found.min, found.max, found.n) == (3.0, 2.0, 1.0, 6.0, 3)
    assert found.std == pytest.approx(math.sqrt((4 + 1 + 9) / 3))
    assert summarize([None]) is None


@pytest.mark.parametrize(
    ("scores", "mean", "median", "infinite"),
    [
        ([math.inf, 20.0, 30.0], 25.0, 30.0, 1),
        ([20.0, None, 30.0], 25.0, 25.0, 0),
        ([math.inf, None, math.inf], math.inf, math.inf, 2),
    ],
)
def test_an_image_that_equals_its_reference_is_counted_and_not_averaged(scores, mean, median, infinite):
    found = summarize(scores)
    assert (found.mean, found.median, found.infinite) == (mean, median, infinite)


def test_a_table_counts_infinite_scores_beside_the_mean_of_the_others():
    whole = evaluation(method("a", [math.inf, 20.0, 30.0], [0.0] * 3), method("b", [math.inf], [0.0]))
    grid = method_grid(whole)
    assert [row[1].text for row in grid.rows] == ["25.00 + 1 inf", "inf"]
    assert any("'+ N inf' counts them" in note for note in grid.footnotes)
    rows = {row[0].text: row[1].text for row in image_grid(whole, whole.methods[0]).rows}
    assert (rows["mean, n=3"], rows["std"], rows["max"]) == ("25.00 + 1 inf", "5.00", "inf")
    assert [row["infinite"] for row in csv.DictReader(as_csv(whole).splitlines())] == ["1", "1"]


def test_a_change_leaves_out_images_that_equal_their_reference(tmp_path):
    before = evaluation(method("a", [math.inf, 20.0, 30.0], [0.0] * 3))
    (tmp_path / "before.json").write_text(as_json(before))
    today = evaluation(method("a", [40.0, 21.0, math.inf], [0.0] * 3))
    change = compare(today, read_baseline(tmp_path / "before.json")).changes["a"]["psnr"]
    assert (change.mean, change.n) == (1.0, 1)


def test_best_and_second_are_marked_and_incomplete_means_take_no_part(three):
    grid = method_grid(three)
    assert marks(grid, "PSNR ↑") == [Mark.BEST, Mark.SECOND, Mark.NONE]
    assert marks(grid, "LPIPS ↓") == [Mark.SECOND, Mark.BEST, Mark.NONE]
    assert grid.rows[2][0].text == "part INCOMPLETE: 1 of 2"
    assert any("INCOMPLETE" in note for note in grid.footnotes)


def test_equal_means_share_their_mark():
    grid = method_grid(evaluation(method("a", [20.0], [0.1]), method("b", [20.0], [0.2])))
    assert marks(grid, "PSNR ↑") == [Mark.BEST, Mark.BEST]


def test_a_lone_method_is_not_the_best():
    assert marks(method_grid(evaluation(method("a", [20.0], [0.1]))), "PSNR ↑") == [Mark.NONE]


def test_a_score_that_some_pictures_lack_says_so():
    grid = method_grid(
        evaluation(method("a", [20.0, None], [0.1, 0.1]), method("b", [19.0, 19.0], [0.2, 0.2]))
    )
    assert grid.rows[0][1].text == "20.00 (1)"
    assert marks(grid, "PSNR ↑") == [Mark.NONE, Mark.NONE]


def test_worst_and_best_are_different_pictures():
    whole = evaluation(method("a", [float(value) for value in range(12)], [0.0] * 12))
    worst, best = extremes(whole, whole.methods[0])
    assert [picture.name for picture in worst] == ["p0", "p1", "p2", "p3", "p4"]
    assert [picture.name for picture in best] == ["p11", "p10", "p9", "p8", "p7"]
    few = evaluation(method("a", [1.0, 2.0, 3.0], [0.0] * 3))
    assert [len(side) for side in extremes(few, few.methods[0])] == [1, 1]


def test_pictures_come_with_their_statistics(three):
    rows = {row[0].text: row[1].text for row in image_grid(three, three.methods[0]).rows}
    assert rows["mean, n=2"] == "21.00"
    assert rows["std"] == "1.00"
    assert (rows["median"], rows["min"], rows["max"]) == ("21.00", "20.00", "22.00")


def test_markdown_escapes_names(three):
    text = as_markdown(three, per_image=True)
    assert r"| one\_& | **21.00** | <u>0.2000</u> | 2 | 1,234 | - |" in text
    assert "| p0 | 20.00 | 0.3000 |" in text


def test_plain_columns_line_up(three):
    text = as_plain(three)
    assert "# protocol: lle." in text
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines[0].startswith("method")
    ends = {
        line.index(text) + len(text) for line, text in zip(lines, ("PSNR ↑", "21.00", "20.00"), strict=False)
    }
    assert len(ends) == 1


def test_csv_holds_every_digit():
    third = evaluation(method("a", [1 / 3], [0.1]))
    assert f"a,0,1,1,{1 / 3!r},0.1,,,lle,stem" in as_csv(third)
    assert f"a,p0,8,6,{1 / 3!r},0.1,lle,stem" in as_csv(third, per_image=True)


def test_csv_counts_the_images_of_each_metric_in_columns_at_the_end():
    some = evaluation(method("a", [20.0, None, math.inf], [0.1] * 3), method("b", [None], [0.1]))
    lines = as_csv(some, published_for("LOL")).splitlines()
    rows = list(csv.DictReader(lines, strict=True))
    assert lines[0].endswith(",infinite,psnr_n,lpips_n")
    assert [(row["n"], row["psnr_n"], row["lpips_n"]) for row in rows[:2]] == [
        ("3", "2", "3"),
        ("1", "0", "1"),
    ]
    assert {line.count(",") for line in lines} == {lines[0].count(",")}


def test_the_mean_of_listed_images_says_how_many_have_a_score():
    some = evaluation(method("a", [20.0, None, math.inf, 30.0], [0.1] * 4), method("b", [1.0], [0.1]))
    rows = {row[0].text: row for row in image_grid(some, some.methods[0]).rows}
    assert [cell.text for cell in rows["mean, n=4"]][1:] == ["25.00 + 1 inf (3)", "0.1000"]
    assert rows["median"][1].text == "30.00"
    assert "| mean, n=4 | 25.00 + 1 inf (3) |" in as_markdown(some, per_image=True)


def test_what_stands_for_the_run_is_the_first_method_that_is_no_classic_one():
    dark, gamma = (
        replace(method(name, [1.0, 2.0], [0.1] * 2), info={"kind": "baseline"}) for name in ("dark", "gamma")
    )
    real, other = (method(name, [5.0, 6.0], [0.1] * 2) for name in ("real", "other"))
    assert evaluation(dark, gamma).judged is dark
    mixed = evaluation(dark, real, gamma, other)
    assert mixed.judged is real
    document = json.loads(as_json(mixed))
    assert (document["method"], document["summary"]["psnr"]["mean"]) == ("real", 5.5)
    assert [each["method"] for each in document["others"]] == ["dark", "gamma", "other"]
    assert [line.split(":")[0] for line in extreme_lines(mixed)] == [
        "worst PSNR of real",
        "best PSNR of real",
    ]
    assert [row[0].text for row in method_grid(mixed).rows] == ["dark", "real", "gamma", "other"]
    assert page_values(mixed)["first"] is real


def test_json_survives_a_round_trip_as_baseline(three, tmp_path):
    (tmp_path / "old.json").write_text(as_json(three))
    baseline = read_baseline(tmp_path / "old.json")
    assert baseline.title == "LOL test"
    assert baseline.methods["two"]["p1"] == {"psnr": 15.0, "lpips": 0.1}


def test_changes_are_new_minus_old_over_common_pictures(three, tmp_path):
    (tmp_path / "old.json").write_text(as_json(three))
    now = evaluation(method("two", [26.0, 18.0, 99.0], [0.1, 0.1, 0.1]))
    found = compare(now, read_baseline(tmp_path / "old.json"))
    change = found.changes["two"]["psnr"]
    assert (change.mean, change.n) == (2.0, 2)
    assert (change.low, change.high) == (1.0, 3.0)
    assert "Δ PSNR" in method_grid(now, found).heads
    assert any("old.json" in note for note in method_grid(now, found).footnotes)


def test_another_data_set_is_remarked_upon_and_nothing_in_common_refused(three, tmp_path):
    (tmp_path / "old.json").write_text(as_json(three))
    baseline = read_baseline(tmp_path / "old.json")
    assert compare(evaluation(method("two", [1.0], [0.1]), name="VV"), baseline).notes
    with pytest.raises(UsageError, match="in common"):
        compare(evaluation(method("other", [1.0], [0.1])), baseline)


def test_one_method_compares_with_the_only_one_of_the_baseline(tmp_path):
    (tmp_path / "old.json").write_text(as_json(evaluation(method("before", [1.0], [0.1]))))
    found = compare(evaluation(method("after", [3.0], [0.1])), read_baseline(tmp_path / "old.json"))
    assert found.against == {"after": "before"}
    assert found.changes["after"]["psnr"].mean == 2.0


def test_json_lines_name_problems(three):
    events = [json.loads(line) for line in as_json_lines(three).splitlines()]
    assert [event["event"] for event in events].count("item") == 5
    assert [event["code"] for event in events if event["event"] == "problem"] == ["missing"]
    assert all(event["v"] == 1 for event in events)


def test_published_rows_are_marked_and_never_the_best(three):
    grid = method_grid(three, None, published_for("LOL"))
    assert grid.published == {3}
    assert grid.rows[3][0].text == "CodeEnhance (published)"
    assert all(cell.mark is Mark.NONE for cell in grid.rows[3])
    assert "Table I, not measured here" in grid.footnotes[-1]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row.method}-{row.dataset}")
def test_published_rows_name_data_sets_and_metrics(row):
    assert row.dataset in DATASETS
    assert row.values
    assert all(name in METRICS for name in row.values)
    assert row.source
    paired = DATASETS[row.dataset].paired
    assert all(METRICS[name].needs_reference == paired for name in row.values)


def test_charts_reach_from_the_lowest_to_the_highest_score(three):
    strip = chart_of(three.columns[0], three.methods)
    assert (strip.low, strip.high) == ("15.00", "40.00")
    assert strip.rows["part"][1][0][0] == 630.0
    assert min(place for _, dots in strip.rows.values() for place, _ in dots) == 10.0


def test_there_is_no_chart_of_a_single_score():
    assert chart_of(column_named("psnr"), [method("a", [1.0], [0.1])]) is None
