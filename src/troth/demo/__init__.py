"""The example store: a maker called Fernside Software, its catalogue, and three programs that really run."""
