"""The `sbatch-service` command: persistent services of an account, each one Slurm job."""
