"""The model alone makes the passes of the engine: as many, of the same shapes."""

from collections import Counter
from math import inf

import pytest

from lowlight_cli.bench.engine_runs import EngineRuns, plan_photos
from lowlight_cli.bench.model_alone import ModelAlone
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.choices import Detail
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.signals import Interruption


@pytest.fixture
def passes(monkeypatch):
    """Shapes that the model got, and how often; without those of looks at whole photos."""
    found, real = Counter(), Identity.enhance

    def counting(self, images, *rest, **named):
        found[tuple(images.shape)] += 1
        return real(self, images, *rest, **named)

    monkeypatch.setattr(Identity, "enhance", counting)
    return found


@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ([(60, 40), (60, 40), (40, 60)], {}),
        ([(300, 200), (300, 200)], {"tile": 128}),
        ([(1600, 1200)], {"detail": Detail.FAST}),
        ([(60, 40), (60, 40), (60, 40)], {"batch_size": 2}),
    ],
    ids=["whole", "tiles", "reduced", "batches"],
)
def test_passes_are_those_of_the_engine(make_picture, tmp_path, passes, sizes, options):
    for number, size in enumerate(sizes):
        make_picture(tmp_path / "in" / f"{number}.png", size)
    settings = EnhanceSettings(model="identity", device="cpu", precision="fp32", **options)
    runs = EngineRuns(settings, tmp_path / "temp", Interruption(), pytest.fail)
    plan = plan_photos([str(tmp_path / "in")], tmp_path / "temp")
    run = runs.run(plan, plan.jobs)
    assert run.report.count("ok") == len(sizes)
    wanted = dict(passes)
    passes.clear()

    sizes_found = Counter((row.height, row.width) for row in run.report.rows)
    seconds = ModelAlone(runs.runner, runs.config, sizes_found).seconds(inf)

    assert wanted
    assert passes == wanted
    assert seconds > 0


def test_one_pass_of_each_shape_is_made_even_without_time(tmp_path, passes):
    settings = EnhanceSettings(model="identity", device="cpu", precision="fp32")
    runs = EngineRuns(settings, tmp_path / "temp", Interruption(), pytest.fail)
    ModelAlone(runs.runner, runs.config, {(32, 48): 3, (48, 32): 1}).seconds(0.0)
    assert passes == {(1, 3, 32, 48): 1, (1, 3, 48, 32): 1}
