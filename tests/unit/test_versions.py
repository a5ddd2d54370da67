"""Versions of packages, installed or not."""

import importlib.metadata

from lowlight_cli.versions import version_of


def test_an_installed_package_has_the_version_of_its_metadata():
    assert version_of("numpy") == importlib.metadata.version("numpy")


def test_a_package_that_is_not_installed_has_none():
    assert version_of("no-such-package-anywhere") is None


def test_without_an_installed_program_the_version_option_says_so(run_lle, monkeypatch):
    def missing(package):
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    run = run_lle("--version")
    assert (run.code, run.out) == (0, "lle, not installed: run from a checkout\n")
