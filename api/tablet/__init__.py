"""Tours on the road: what tablets fetch and report, incidents, closures, and what is learnt of it all."""
