"""Alembic's folder: every layout the database ever had, oldest first."""
