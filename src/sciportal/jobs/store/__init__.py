"""Where the portal remembers jobs: SQLite, or PostgreSQL."""
