"""What the scheduler asks of us while it starts jobs."""
