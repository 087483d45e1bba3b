"""The worker: on a remote cluster, takes jobs from the portal, has them run and brings results."""
