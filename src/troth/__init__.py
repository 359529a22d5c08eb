"""Troth: a self-hosted store for independent software makers whose privacy policy is executable."""

__version__ = "26.11.0"
