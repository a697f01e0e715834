"""Compiling ahead: everything that a request can reach is run once on something small."""
