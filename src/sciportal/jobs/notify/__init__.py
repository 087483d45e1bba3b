"""Announcements of jobs: who makes, sends and receives them."""
