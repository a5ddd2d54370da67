"""What must hold for any tree of pictures, however named."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.naming import Naming
from lowlight_cli.pipeline.plan import Action, plan_jobs
from lowlight_cli.pipeline.resume import ResumeState, resolve

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: not name.startswith(".") and ".lle-tmp-" not in name
)
TREES = st.lists(
    st.tuples(st.lists(NAMES, max_size=2), NAMES, st.sampled_from([".jpg", ".PNG", ".tif", ".txt"])),
    min_size=1,
    max_size=8,
)


def _make(folder, tree):
    """Makes the files that the disk takes, and says how many."""
    for folders, name, ending in tree:
        path = folder.joinpath(*folders, name + ending)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError:
            continue
    return sum(path.is_file() for path in folder.rglob("*"))


@given(tree=TREES, format_name=st.sampled_from([None, "jpg", "webp"]))
def test_each_input_gets_one_place_of_its_own_inside_the_results(tree, format_name):
    with TemporaryDirectory() as folder:
        source, out = Path(folder, "in"), Path(folder, "out")
        source.mkdir()
        count = _make(source, tree)
        plan = plan_jobs([source], str(out), naming=Naming(format_name=format_name), renames_clashes=True)
        targets = [job.target for job in plan.jobs]
        assert len({str(target).casefold() for target in targets}) == len(targets)
        assert all(target.is_relative_to(out) and ".." not in target.parts for target in targets)
        junk = {"__macosx", "@eadir", "thumbs.db", "desktop.ini"}
        if not any(name.casefold() in junk for folders, name, end in tree for name in (*folders, name + end)):
            assert len(plan.jobs) + len(plan.ignored) == count
        again = plan_jobs([source], str(out), naming=Naming(format_name=format_name), renames_clashes=True)
        assert again == plan


@given(tree=TREES, there=st.sets(st.integers(0, 7)))
def test_no_file_that_lle_did_not_write_is_ever_made(tree, there):
    with TemporaryDirectory() as folder:
        source, out = Path(folder, "in"), Path(folder, "out")
        source.mkdir()
        _make(source, tree)
        plan = plan_jobs([source], str(out), renames_clashes=True)
        foreign = {job.target for number, job in enumerate(plan.jobs) if number in there}
        for target in foreign:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        for on_exist in (OnExist.RESUME, OnExist.SKIP, OnExist.RENAME):
            made = [
                job.target for job in resolve(plan, on_exist, ResumeState()).jobs if job.action is Action.MAKE
            ]
            assert not foreign & set(made)
            assert not any(target.exists() for target in made)
            assert len(made) == len(set(made))
        if foreign:
            try:
                resolve(plan, OnExist.ERROR, ResumeState())
            except UsageError:
                return
            raise AssertionError("a result that is there was no error")
