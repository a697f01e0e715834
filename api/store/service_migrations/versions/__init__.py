"""One module per layout, named after its number."""
