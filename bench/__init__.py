"""Benchmarks of fastmlp and its peers; see README.md."""
