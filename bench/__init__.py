"""The figures the project claims, each beside a peer and a limit. `python -m bench [NAME…]` runs them.

Every figure is a ratio measured in one run, or a size, or a time from a cold start; CPU time is that of the server's
whole process group. Anyone can run them; a noisy machine widens them, so each takes the median of several rounds.
"""
