"""Fernside Disk Health: what the system knows about a disk, how fast it reads, and whether every sampled spot reads."""
