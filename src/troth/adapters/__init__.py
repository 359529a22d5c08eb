"""Adapters: what implements the Protocols of the parts against the world outside."""
