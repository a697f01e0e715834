"""Tour solvers side by side: published instances and waste days on real streets."""
