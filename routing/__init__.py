"""Ground: streets, travel times and paths. Knows no waste."""
