"""slurm.conf of the cluster that tests bring along."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

NODES = ("n1", "n2")


def text(root: Path, address: str, ports: Sequence[int]) -> str:
    """The file.

    Args:
        root: the directory of the cluster.
        address: of all its hosts.
        ports: of slurmctld, and of the slurmd of each node.
    """
    host = socket.gethostname().partition(".")[0]
    settings: Mapping[str, object] = {
        "ClusterName": "own",
        "SlurmctldHost": f"{host}({address})",
        "SlurmctldPort": ports[0],
        "AuthType": "auth/munge",
        # A requeued job waits until the credential of its last start has expired.
        "AuthInfo": f"socket={root}/run/munge.socket,cred_expire=20",
        "CredType": "cred/munge",
        "MpiDefault": "none",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core",
        "ReturnToService": 2,
        "SlurmUser": "root",
        "SlurmdUser": "root",
        "StateSaveLocation": root / "state",
        "SlurmdSpoolDir": root / "%n",
        "SlurmctldPidFile": root / "run" / "slurmctld.pid",
        "SlurmdPidFile": root / "run" / "%n.pid",
        "SlurmctldLogFile": root / "log" / "slurmctld.log",
        "SlurmdLogFile": root / "log" / "%n.log",
        "JobAcctGatherType": "jobacct_gather/none",
        "AccountingStorageType": "accounting_storage/none",
        "SchedulerType": "sched/backfill",
        "SchedulerParameters": "sched_min_interval=0,batch_sched_delay=0",
        "SlurmdParameters": "config_overrides",
        "SlurmdTimeout": 10,
        "MessageTimeout": 3,
        "MinJobAge": 300,
        "MaxJobCount": 200_000,
        "KillWait": 2,
        "MaxArraySize": 2001,
    }
    lines = [f"{key}={value}" for key, value in settings.items()]
    for node, port in zip(NODES, ports[1:], strict=True):
        place = f"NodeHostname={host} NodeAddr={address} Port={port}"
        lines.append(f"NodeName={node} {place} CPUs=8 RealMemory=64000 State=UNKNOWN")
    every = ",".join(NODES)
    lines.append(f"PartitionName=main Nodes={every} Default=YES MaxTime=INFINITE State=UP")
    return "\n".join(lines) + "\n"
