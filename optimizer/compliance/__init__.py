"""What German law says of a plan: working and driving time, noise and reversing, each with its paragraph."""
