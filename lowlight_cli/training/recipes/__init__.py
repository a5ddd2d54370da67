"""One file per thing that can be trained; each reads top to bottom."""
