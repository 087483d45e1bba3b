"""Whose account a portal's user has on which host, and the root helper that acts as them."""
