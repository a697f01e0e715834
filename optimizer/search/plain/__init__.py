"""Ruin and recreate for days of one trip per vehicle: the classic problems, and small depots."""
