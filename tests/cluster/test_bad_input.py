"""What bad input leads to beside its message, which tests/cluster/test_messages.py judges."""

from __future__ import annotations

from cluster.testbed import CTL, Cluster, Service


def test_a_usage_error_with_json_is_json_too(cluster: Cluster) -> None:
    ended = cluster.service("bob", "start", "--json", "../x", check=False)
    assert ended.code == 2
    assert ended.json()["error"]["exit_code"] == 2


def test_a_stage_that_leaves_a_child_with_its_output_is_not_waited_for(service: Service) -> None:
    service.script("#!/bin/sh\n[ $1 = main ] && exec sleep 1000\nsleep 30 &\n")
    service("start")
    assert len(service.cluster.jobs("alice", service.name)) == 1


def test_mandatory_options_are_overridden_and_said(service: Service) -> None:
    service.script(
        "#!/bin/sh\n[ $1 = main ] && exec sleep 1000\n"
        "[ $1 != start ] || echo '#SBATCH -J other --comment=x --mem=64M'\n"
    )
    ended = service("start")
    assert "-J" in ended.err
    assert "--comment=x" in ended.err
    argv = ["squeue", "-h", "-u", "alice", "-n", f"{service.name}-service", "-o", "%m %k"]
    shown = service.cluster.run(CTL, argv).out
    assert shown == "64M sbatch-service/1\n"
