"""The daemon that hands jobs over, looks after them and fetches their results."""
