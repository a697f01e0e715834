"""Seasons: many days in a row on one town, with policies side by side."""
