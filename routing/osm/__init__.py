"""OpenStreetMap in, street graph out."""
