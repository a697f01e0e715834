"""Solvers of the comparison, one a file; each is imported only in its own process."""
