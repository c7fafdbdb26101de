"""Benchmarks of fastmlp beside its peers; see README.md."""
