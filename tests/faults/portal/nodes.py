"""Nodes that die as machines do, with all that runs on them, and who attends to Slurm."""

from __future__ import annotations

from batch.own_slurm import OwnSlurm
from batch.slurm_conf import NODES
from faults.portal.daemons import Program


def program(slurm: OwnSlurm, node: str) -> Program:
    """A node's slurmd as the first process of a namespace: none of its jobs outlives it.

    Args:
        slurm: the cluster.
        node: the name of one whose slurmd does not run.
    """
    machine = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return Program(slurm.words([*machine, "slurmd", "-D", "-f", str(slurm.conf), "-N", node]), {})


def is_up(slurm: OwnSlurm, node: str) -> bool:
    """Whether slurmctld has heard of a node, and gives it jobs."""
    return _state(slurm, node) in ("idle", "mix", "alloc", "comp")


def is_down(slurm: OwnSlurm, node: str) -> bool:
    """Whether slurmctld has found out that a node is dead."""
    return _state(slurm, node).startswith("down")


def attend(slurm: OwnSlurm) -> None:
    """Do what operators do where a node refused a job: Slurm may drain it, and holds the job.

    It does so while it has another of that number, which slurmctld gave to both, or files of it.
    """
    for node in NODES:
        if _state(slurm, node).startswith("dr"):
            slurm.run("scontrol", "update", f"NodeName={node}", "State=RESUME")
    for line in slurm.text("squeue", "-h", "-t", "PD", "-o", "%A %r").splitlines():
        job, _, reason = line.partition(" ")
        if reason.endswith("held"):
            slurm.run("scontrol", "release", job)


def _state(slurm: OwnSlurm, node: str) -> str:
    """As sinfo(1) has it, in short; with a star, the node does not answer."""
    return slurm.text("sinfo", "-h", "-n", node, "-o", "%t").strip()
