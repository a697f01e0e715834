"""Who may do what: tenants, keys, roles, and the log of it."""
