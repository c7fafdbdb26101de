"""Serialization and printed forms of networks and trainers."""
