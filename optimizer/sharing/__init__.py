"""Towns that share vehicles: what a joint day is worth to each, and what each pays."""
