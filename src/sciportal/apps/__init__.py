"""Applications of accounts that run on the web host itself, behind its Apache."""
