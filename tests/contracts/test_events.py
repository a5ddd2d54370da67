"""Every line for programs has the form that ``lle schema`` prints, and every input is counted."""

import json

import pytest
from pydantic import TypeAdapter

from lowlight_cli.cli.event_schema import AnyEvent
from lowlight_cli.pipeline.manifest import Entry, read_manifest

EVENTS = TypeAdapter(AnyEvent)


@pytest.fixture
def run_with_everything(run_lle, make_picture, tmp_path):
    """A run with results of each kind."""
    for name in ("ok.png", "late.png", "caf\udce9.png"):
        make_picture(tmp_path / "in" / name, size=(8, 8))
    (tmp_path / "in" / "bad.jpg").write_text("no picture")
    (tmp_path / "in" / "notes.txt").touch()
    options = ("enhance", "-m", "identity", "--device", "cpu", "-o", f"{tmp_path}/out/")
    run_lle(*options, tmp_path / "in" / "ok.png")
    make_picture(tmp_path / "in" / "mine.png", size=(8, 8))
    (tmp_path / "out" / "mine.png").touch()
    return lambda *more: run_lle(*options, tmp_path / "in", "--json", *more)


def _events(run):
    return [json.loads(line) for line in run.out.splitlines()]


def test_events_have_their_forms(run_with_everything):
    planned, done = _events(run_with_everything("--dry-run")), _events(run_with_everything())
    assert {event["action"] for event in planned} == {"make", "skip", "conflict"}
    statuses = {event.get("status") for event in done}
    assert statuses == {None, "ok", "skipped", "failed", "conflict"}
    for event in planned + done:
        known = EVENTS.validate_python(event)
        assert known.model_dump(by_alias=True, exclude_unset=True) == event


def test_every_input_is_counted(run_with_everything):
    *_, end = _events(run_with_everything())
    names = ("ok", "skipped", "failed", "conflict", "ignored", "left")
    assert [end[name] for name in names] == [2, 1, 1, 1, 1, 0]
    assert sum(end[name] for name in names) == end["inputs"]


def test_an_input_that_is_in_no_count_is_a_bug(tmp_path):
    from lowlight_cli.cli.events import end_event
    from lowlight_cli.pipeline.plan import Job, Plan
    from lowlight_cli.pipeline.report import Report

    plan = Plan((Job(tmp_path / "a", tmp_path / "b"),), tmp_path)
    with pytest.raises(RuntimeError, match="1 inputs"):
        end_event(plan, Report((), 0.0), 0)


def test_the_manifest_has_its_form(run_with_everything, tmp_path):
    start, *_ = _events(run_with_everything())
    lines = (tmp_path / "out" / ".lle" / "manifest.jsonl").read_bytes().splitlines()
    entries = [TypeAdapter(Entry).validate_python(json.loads(line)) for line in lines]
    assert {entry.status for entry in entries} == {"ok", "failed", "conflict"}
    assert {entry.run for entry in entries[1:]} == {start["run"]}
    assert all((entry.out_sha256 is None) == (entry.status != "ok") for entry in entries)
    assert read_manifest(tmp_path / "out")["caf\udce9.png"].input == "caf\udce9.png"


@pytest.mark.parametrize("form", ["events", "manifest"])
def test_the_forms_can_be_printed(run_lle, form):
    run = run_lle("schema", form)
    assert run.code == 0
    assert json.loads(run.out)["title"] == f"lle {form}"
