"""Applications that operators describe in files, and users run."""
