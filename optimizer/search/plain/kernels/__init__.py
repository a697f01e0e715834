"""Compiled loops of the search on plain days: arrays in, arrays out."""
