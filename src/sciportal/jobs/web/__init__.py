"""The interface of the job portal: JSON for programs, pages for people."""
