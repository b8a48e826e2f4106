"""The shelf for people with a browser."""
