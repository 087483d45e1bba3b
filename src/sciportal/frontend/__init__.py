"""The front end's part: from the jobs in Slurm to the routes that Apache reads."""
