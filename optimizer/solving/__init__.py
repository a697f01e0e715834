"""Solvers: one port, several ways to find tours."""
