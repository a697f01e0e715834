"""Alembic's folder for the service's own tables: every layout they ever had, oldest first."""
