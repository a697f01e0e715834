"""Forecasts of fills, backtested on real series beside simple methods."""
