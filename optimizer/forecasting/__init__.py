"""Series become distributions of the fill over time."""
