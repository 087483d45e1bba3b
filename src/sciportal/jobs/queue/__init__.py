"""Batch systems, as the keeper uses them."""
