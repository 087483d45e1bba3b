"""Web services and jobs of people on a Slurm cluster."""
