"""The bits of results, to be compared between two versions of the library."""
