"""Labelled data sets for object detectors: boxes only, pixels go through the engine."""
