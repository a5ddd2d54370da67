"""Small files that metrics need; their origins and licenses are in NOTICE.md."""
