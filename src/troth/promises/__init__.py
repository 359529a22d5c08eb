"""Promises: what a store publishes about itself, and the proof of each sentence on the running program."""
