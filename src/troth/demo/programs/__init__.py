"""The example maker's three programs, which really work; the store sells them as Python zip applications."""
