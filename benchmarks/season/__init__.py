"""Seasons: what fixed schedules, thresholds, prizes and a clairvoyant drive on the same town and citizens."""
