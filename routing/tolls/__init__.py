"""Toll rules of countries, as data."""
