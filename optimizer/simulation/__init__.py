"""Generators of credible fills, calibrated on public sensor series."""
