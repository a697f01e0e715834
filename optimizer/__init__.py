"""Decisions: forecast, selection, problem, solver, checker. Values in, values out, no I/O."""
