"""Compiled loops of the search on waste days: arrays in, arrays out."""
