"""Studies: seasons of a town with several policies and shares of sensors, and the report that a council reads."""
