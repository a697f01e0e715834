"""A simulated week of a town, lived through the service's API alone."""
