"""Ruin and recreate for ordinary waste days: trips between tippings, one break, prizes."""
