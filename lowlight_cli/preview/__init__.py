"""Sheets that show one photo with several settings, to choose some before a batch."""
