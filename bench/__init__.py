"""Measurements: `make bench`. Servers run on 127.0.0.1 and end with it."""
