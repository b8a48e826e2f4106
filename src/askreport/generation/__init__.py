"""The index on disk: its manifest, its files, how it is published and opened."""
