"""Act I, offline: `sources/` becomes a generation."""
