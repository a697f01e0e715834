"""The flow of a day, from request to checked plan."""
