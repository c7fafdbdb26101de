"""One file per peer; a new file is a new peer (its interface: bench/peer.py)."""
