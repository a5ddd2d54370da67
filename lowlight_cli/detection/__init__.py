"""Labelled datasets for object detectors: formats, box conversion, preparation and scores."""
