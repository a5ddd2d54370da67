"""Which file becomes which, and what is refused before any work."""

import os

import pytest

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.naming import Naming
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.scan import Selection


def _touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def _targets(plan, out):
    return [job.target.relative_to(out).as_posix() for job in plan.jobs]


def test_the_tree_is_mirrored_in_natural_order(tmp_path):
    source = _touch(tmp_path / "in", "IMG_10.jpg", "IMG_9.jpg", "b/2.png", "b/10.PNG", "a.tif", "notes.txt")
    plan = plan_jobs([source], str(tmp_path / "out"))
    assert _targets(plan, tmp_path / "out") == ["a.tif", "b/2.png", "b/10.PNG", "IMG_9.jpg", "IMG_10.jpg"]
    assert [path.name for path in plan.ignored] == ["notes.txt"]


def test_folders_in_folders_can_be_left_out(tmp_path):
    source = _touch(tmp_path / "in", "a.jpg", "b/c.jpg")
    assert len(plan_jobs([source], str(tmp_path / "out"), selection=Selection(recursive=False)).jobs) == 1


def test_junk_and_temporary_files_are_passed_over(tmp_path):
    names = (
        "._a.jpg",
        ".DS_Store",
        "Thumbs.db",
        "@eaDir/a.jpg",
        ".lle/a.jpg",
        "a.lle-tmp-12.jpg",
        ".hidden.jpg",
    )
    plan = plan_jobs([_touch(tmp_path / "in", "a.jpg", *names)], str(tmp_path / "out"))
    assert len(plan.jobs) == 1
    assert plan.ignored == ()


def test_links_to_folders_are_not_followed(tmp_path):
    source = _touch(tmp_path / "in", "a.jpg")
    (source / "loop").symlink_to(source)
    assert len(plan_jobs([source], str(tmp_path / "out")).jobs) == 1


def test_results_inside_the_input_are_not_inputs(tmp_path):
    source = _touch(tmp_path / "in", "a.jpg", "out/old.jpg")
    assert [job.source.name for job in plan_jobs([source], str(source / "out")).jobs] == ["a.jpg"]


def test_one_file_goes_to_the_file_named(tmp_path):
    _touch(tmp_path, "a.jpg")
    assert plan_jobs([tmp_path / "a.jpg"], str(tmp_path / "b.png")).jobs[0].target == tmp_path / "b.png"


@pytest.mark.parametrize("out", ["new/", "there"])
def test_one_file_goes_into_a_folder_that_exists_or_ends_in_a_slash(tmp_path, out):
    _touch(tmp_path, "a.jpg")
    (tmp_path / "there").mkdir()
    plan = plan_jobs([tmp_path / "a.jpg"], f"{tmp_path}/{out}")
    assert plan.jobs[0].target == tmp_path / out / "a.jpg"


def test_an_output_without_an_extension_is_a_folder(tmp_path):
    _touch(tmp_path, "a.jpg")
    plan = plan_jobs([tmp_path / "a.jpg"], str(tmp_path / "out"))
    assert (plan.single, _targets(plan, tmp_path)) == (False, ["out/a.jpg"])


def test_a_format_changes_the_ending_where_needed(tmp_path):
    source = _touch(tmp_path / "in", "a.png", "b.JPEG")
    plan = plan_jobs([source], str(tmp_path / "out"), naming=Naming(format_name="jpg"))
    assert _targets(plan, tmp_path / "out") == ["a.jpg", "b.JPEG"]


def test_a_format_must_fit_the_file_named(tmp_path):
    _touch(tmp_path, "a.jpg")
    with pytest.raises(UsageError, match="but --format is png"):
        plan_jobs([tmp_path / "a.jpg"], str(tmp_path / "b.jpg"), naming=Naming(format_name="png"))


def test_a_missing_input_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"no such file or folder: '.*night'"):
        plan_jobs([tmp_path / "night"], str(tmp_path / "out"))


def test_two_inputs_for_one_result_are_refused_with_both_names(tmp_path):
    source = _touch(tmp_path / "in", "night.jpg", "night.png")
    with pytest.raises(UsageError, match=r"night\.jpg' and '.*night\.png' would both be written to"):
        plan_jobs([source], str(tmp_path / "out"), naming=Naming(format_name="jpg"))


@pytest.mark.parametrize(("first", "second"), [("A.jpg", "a.jpg"), ("e\u0301.jpg", "\u00e9.jpg")])
def test_names_that_some_disks_take_for_one_are_refused(tmp_path, first, second):
    sources = [_touch(tmp_path / "1", first), _touch(tmp_path / "2", second)]
    with pytest.raises(UsageError, match="would both be written"):
        plan_jobs(sources, str(tmp_path / "out"))


def test_an_input_given_twice_is_one_job(tmp_path):
    _touch(tmp_path, "a.jpg")
    assert len(plan_jobs([tmp_path / "a.jpg"] * 2, str(tmp_path / "out")).jobs) == 1


def test_results_among_the_originals_are_refused(tmp_path):
    source = _touch(tmp_path / "in", "a.jpg")
    with pytest.raises(UsageError, match="is both input and output"):
        plan_jobs([source], str(source))


def test_an_original_is_never_a_target(tmp_path):
    _touch(tmp_path, "a.jpg", "b.jpg")
    with pytest.raises(UsageError, match="would replace the input"):
        plan_jobs([tmp_path / "a.jpg"], str(tmp_path / "a.jpg"))
    os.link(tmp_path / "a.jpg", tmp_path / "same.jpg")
    with pytest.raises(UsageError, match="would replace the input"):
        plan_jobs([tmp_path / "a.jpg"], str(tmp_path / "same.jpg"))


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    source = _touch(tmp_path / "in", "a.jpg")
    _touch(tmp_path, "out")
    with pytest.raises(UsageError, match="is a file, but an output folder is needed"):
        plan_jobs([source], str(tmp_path / "out"))
