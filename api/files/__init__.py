"""Files that people give and get."""
