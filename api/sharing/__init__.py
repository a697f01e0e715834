"""Towns that collect together: agreements between tenants, and the joint days that rest on them."""
