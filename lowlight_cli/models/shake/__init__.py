"""Camera shake: its blur is estimated from the dark photo, and removed from the result."""
