"""Readers of published instances, one family a file."""
