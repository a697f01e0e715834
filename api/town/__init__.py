"""Towns made from scratch."""
