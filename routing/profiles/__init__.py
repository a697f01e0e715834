"""Vehicle profiles as data."""
