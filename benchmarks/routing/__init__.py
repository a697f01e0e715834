"""Travel matrices measured beside their peers, in one run, on the same maps, places and graphs."""
