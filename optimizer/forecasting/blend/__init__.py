"""Trees beside the default forecaster, counted in only where they were better."""
