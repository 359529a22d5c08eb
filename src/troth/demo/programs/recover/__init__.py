"""Fernside Recover: finds files in a disk image or a damaged folder, and saves what is readable of a failing file."""
