"""Customizable contraction hierarchies: the fastest way to a turn-aware travel matrix on any directed graph."""
