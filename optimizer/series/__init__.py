"""Readings become judged series with known emptyings."""
