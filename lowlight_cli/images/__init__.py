"""Files to pixels and back; knows no model."""
