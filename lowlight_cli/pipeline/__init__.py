"""The batch engine: plan, decode ahead, enhance, encode behind."""
