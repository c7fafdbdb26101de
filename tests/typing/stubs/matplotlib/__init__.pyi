"""What examples use of matplotlib, whose own types are unknown in part."""
