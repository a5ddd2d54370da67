"""Batches made on the device are drawn as those of the CPU feed, and depend on seed and step alone."""

import pytest
import torch

from lowlight_cli.datasets.config import MANY_NIGHTS, UNEVEN_NIGHTS, BlurSettings, Camera, Spread
from lowlight_cli.errors import SettingsError
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.data_sources import PairedPhoto, Sources
from lowlight_cli.training.device_loader import DeviceLoader
from lowlight_cli.training.enhancement_batch import Mix, enhancement_batch
from lowlight_cli.training.photos import Photo
from lowlight_cli.training.prefetch import BatchLoader
from lowlight_cli.training.recipes.codeenhance import CodeEnhanceRecipe
from lowlight_cli.training.settings import merged
from tests.unit.training.test_device_images import smooth

CPU = torch.device("cpu")
SIDE = 64
NONE, ONE = Spread(median=1e-12), Spread(median=1.0)
QUIET = Camera(
    exposure=Spread(median=0.2), headroom=ONE, cast=ONE, shot=NONE, read=NONE, speckle=NONE, grain=NONE,
    blotch=NONE, pedestal=NONE, contrast=ONE,
)  # fmt: skip


def sources(darkening=MANY_NIGHTS, *, photos=4, pairs=3):
    pictures = [smooth(150 + 20 * number, 190, number) for number in range(max(photos, pairs))]
    luma = torch.tensor([0.299, 0.587, 0.114])
    means = [float(picture.float().mean((1, 2)) @ luma / 255) for picture in pictures]
    both = zip(pictures, means, strict=True)
    bright = [Photo(picture, None, mean) for picture, mean in both][:photos]
    real = [
        PairedPhoto(
            str(number), torch.cat([picture // 8, picture]), means[number] / 8, means[number], number == 0
        )
        for number, picture in enumerate(pictures[:pairs])
    ]
    return Sources(bright, real, darkening)


def batches(kind, given, steps, *, size=16, real=0.35, turned=0.25, accumulate=1):
    run = RunSettings(batch_size=size, crop=SIDE, steps=steps, workers=0, accumulate=accumulate)
    mix = Mix(size, SIDE, real, turned, 0.0)
    if kind == "device":
        loader = DeviceLoader(given, mix, run, CPU)
    else:
        loader = BatchLoader(lambda item_rngs: enhancement_batch(given, mix, item_rngs), run, CPU)
    return [batch for step in range(steps) for batch, _ in loader.of_step(step)]


@pytest.mark.parametrize("darkening", [MANY_NIGHTS, UNEVEN_NIGHTS], ids=["even", "uneven"])
def test_batches_are_drawn_as_on_the_cpu(darkening):
    facts = {}
    for kind in ("cpu", "device"):
        made = batches(kind, sources(darkening), 12, turned=0.5)
        images = torch.cat([torch.stack([batch.dark, batch.bright, batch.target], 1) for batch in made])
        noise = (images[:, 0] - images[:, 0].roll(1, -1)).abs().mean((1, 2, 3))
        views = torch.cat([batch.view for batch in made])
        columns = [
            images.mean((2, 3, 4)),
            images.std((3, 4)).mean(2),
            noise[:, None],
            torch.cat([batch.lightness for batch in made])[:, None],
            torch.cat([batch.place for batch in made]),
            views.mean((1, 2, 3))[:, None],
            torch.cat([batch.color for batch in made])[:, :, 0, 0],
            torch.stack([torch.cat([batch.weights[i] for batch in made]).flatten() for i in range(3)], 1),
        ]
        facts[kind] = torch.cat(columns, 1)  # (items, facts)
    cpu, device = facts["cpu"], facts["device"]
    deviation = (cpu.var(0) / len(cpu) + device.var(0) / len(device)).sqrt().clamp_min(1e-6)
    assert ((cpu.mean(0) - device.mean(0)).abs() / deviation).max() < 3.6
    spread = (device.std(0) + 1e-3) / (cpu.std(0) + 1e-3)
    assert spread.min() > 0.65
    assert spread.max() < 1.55


@pytest.mark.parametrize("gain", [None, Spread(median=0.5)])
def test_without_chance_a_photo_is_the_same_as_on_the_cpu(gain):
    pixels = smooth(SIDE, SIDE, 9)
    settings = MANY_NIGHTS.model_copy(update={"wide": QUIET, "measured": QUIET, "jpeg_share": 0.0})
    given = Sources([Photo(pixels, None, 0.5)], [], settings, photo_gain=gain)
    cpu, device = (batches(kind, given, 1, size=2, turned=0.0)[0] for kind in ("cpu", "device"))
    for name in ("dark", "bright", "target", "view"):
        ours, theirs = getattr(device, name)[0], getattr(cpu, name)[0]
        same = [(ours - either).abs().max() for either in (theirs, theirs.flip(2))]
        assert min(same) < 1e-5, name
    torch.testing.assert_close(device.lightness[:1], cpu.lightness[:1])
    assert torch.equal(device.place, cpu.place)


def test_a_gain_dims_photos_under_even_light_only():
    darkening = MANY_NIGHTS.model_copy(update={"clean_share": 0.0, "uneven_share": 0.5})
    given = sources(darkening, pairs=0)._replace(photo_gain=Spread(median=0.01))
    bright = batches("device", given, 1, size=64, turned=0.0)[0].bright.mean((1, 2, 3))
    assert 18 <= int((bright < 0.15).sum()) <= 46  # the rest are as they were


def test_seed_and_step_decide():
    first, second = batches("device", sources(), 2)
    again = batches("device", sources(), 2)
    assert torch.equal(first.dark, again[0].dark)
    assert torch.equal(second.target, again[1].target)
    assert not torch.equal(first.dark, second.dark)
    halves = batches("device", sources(), 1, accumulate=2)
    assert not torch.equal(halves[0].bright, halves[1].bright)
    assert [len(half.color) for half in halves] == [8, 8]


def test_clean_photos_are_their_own_targets():
    darkening = MANY_NIGHTS.model_copy(update={"clean_share": 0.5, "uneven_share": 0.5})
    batch = batches("device", sources(darkening, pairs=0), 1, size=64, turned=0.0)[0]
    same = (batch.dark == batch.bright).flatten(1).all(1)
    assert 18 <= int(same.sum()) <= 46
    assert (batch.view[same].mean((1, 2, 3)) > batch.view[~same].mean()).float().mean() > 0.8


def test_blur_and_recipes_without_a_device_feed_are_refused():
    with pytest.raises(SettingsError, match="blur"):
        batches("device", sources()._replace(blur=BlurSettings()), 1)
    assert merged(CodeEnhanceRecipe, None, {}, ["data.on_device=true"]).data.on_device
    from lowlight_cli.training.recipes.semantic import SemanticRecipe

    with pytest.raises(SettingsError, match="on the CPU only"):
        merged(SemanticRecipe, None, {}, ["data.on_device=true"])


def test_a_network_learns_alike_from_both():
    """The loss falls as far, within what two stretches of one run differ by."""
    curves = {}
    for kind in ("cpu", "device"):
        torch.manual_seed(0)
        model = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 3, 3, padding=1)
        )
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        losses = []
        for batch in batches(kind, sources(), 30, size=8, turned=0.0):
            loss = (model(batch.dark) - batch.target).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        curves[kind] = torch.tensor(losses).view(3, 10)
    cpu, device = curves["cpu"].mean(1), curves["device"].mean(1)
    assert cpu[0] > 1.3 * cpu[-1]
    deviation = ((curves["cpu"].var(1) + curves["device"].var(1)) / 10).sqrt()
    assert ((cpu - device).abs() / deviation).max() < 3.5
