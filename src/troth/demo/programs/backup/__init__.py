"""Fernside Backup: copies what changed, proves that it can be read again, and says so in one sentence."""
