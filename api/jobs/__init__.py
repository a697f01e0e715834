"""Long work in other processes."""
