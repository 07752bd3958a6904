"""Benchmarks: seconds and peak memory per stage; measured, never asserted. Run them with `make bench`."""
