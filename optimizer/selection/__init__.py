"""Forecasts become decisions: due, may wait, skip."""
