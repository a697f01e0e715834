"""The day as whole numbers: what solvers and the checker read."""
