"""Logs: shown, followed, rotated."""

from __future__ import annotations

import time

from cluster.testbed import CTL, SLEEPER, Cluster, Service, wait_for

TALKER = """\
#!/bin/sh
[ "$1" = main ] || exit 0
n=0
while :; do n=$((n+1)); echo "line $n of $SLURM_JOB_ID"; sleep 0.05; done
"""


def test_the_last_lines_are_shown(service: Service) -> None:
    service.script(TALKER)
    service("start")
    wait_for(lambda: service.log().count("line") > 20, 10)
    lines = service("logs", "-n", "3").out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("line ") for line in lines)


def test_a_log_is_followed_past_its_rotation(service: Service, cluster: Cluster) -> None:
    service.script(TALKER)
    service("start")
    wait_for(lambda: "line 5 of" in service.log(), 10)
    argv = ["timeout", "6", "sbatch-service", "logs", "-f", "-n", "2", service.name]
    following = cluster.start(CTL, argv, user="alice")
    time.sleep(1)
    path = f"/home/alice/.sbatch-service/log/{service.name}.log"
    cluster.run(CTL, ["truncate", "-s", "0", path])
    said, _ = following.communicate(timeout=30)
    numbers = [int(line.split()[1]) for line in said.splitlines() if line.startswith("line")]
    assert numbers[-1] - numbers[0] > 60


def test_the_log_goes_on_over_restarts_in_order(service: Service) -> None:
    service.script(TALKER)
    for _each in range(3):
        service("restart", "--wait")
    jobs = [int(each.split()[3]) for each in service.log().splitlines() if each.startswith("line")]
    assert len(set(jobs)) == 3
    assert jobs == sorted(jobs)


def test_the_timer_rotates_as_the_account_and_keeps_the_home_small(
    service: Service, cluster: Cluster
) -> None:
    service.script(SLEEPER)
    service("start", "--wait")
    path = f".sbatch-service/log/{service.name}.log"
    fill = f'yes "$(date) a line of a log" | head -c 3000000 >>{path}'
    for _each in range(8):
        cluster.run(CTL, ["sh", "-c", fill], user="alice")
        cluster.run(CTL, ["systemctl", "start", "sciportal-logrotate.service"])
    names = cluster.run(CTL, ["ls", "-l", ".sbatch-service/log"], user="alice").out
    mine = [line.split() for line in names.splitlines() if service.name in line]
    assert {(words[2], words[3]) for words in mine} == {("alice", "alice")}
    assert sorted(words[-1].rpartition(".log")[2] for words in mine) == [
        *("", ".1.gz", ".2.gz", ".3.gz", ".4.gz", ".5.gz"),
    ]
    assert sum(int(words[4]) for words in mine) < 1_000_000


def test_nothing_of_an_account_is_read_or_run_as_root(service: Service, cluster: Cluster) -> None:
    service.script(SLEEPER)
    service("start")
    link = f".logrotate.d/{service.name}-service"
    evil = """\
    /home/alice/evil.log {
        size 1
        copytruncate
        postrotate
            id -un >>/home/alice/who
        endscript
    }
    """
    cluster.write("alice", "evil.log", "some text\n")
    cluster.write("alice", link, evil)
    cluster.run(CTL, ["systemctl", "start", "sciportal-logrotate.service"], check=False)
    who = cluster.run(CTL, ["cat", "who"], user="alice").out
    cluster.run(CTL, ["sh", "-c", "rm -f who evil.log* " + link], user="alice")
    assert set(who.split()) == {"alice"}


def test_one_account_with_a_broken_rotation_does_not_stop_the_others(
    service: Service, cluster: Cluster
) -> None:
    service.script(SLEEPER)
    service("start")
    cluster.run(CTL, ["sh", "-c", "mkdir -p .logrotate.d .sbatch-service/.state"], user="bob")
    cluster.write("bob", ".logrotate.d/x-service", '"/home/bob/none.log" {\n    size 1\n}\n')
    fill = f'yes "a line of a log" | head -c 3000000 >>.sbatch-service/log/{service.name}.log'
    cluster.run(CTL, ["sh", "-c", fill], user="alice")
    ended = cluster.run(CTL, ["sbatch-service", "rotate", "--all-accounts"], check=False)
    cluster.run(CTL, ["rm", "-f", ".logrotate.d/x-service"], user="bob")
    assert ended.code == 1
    assert "bob: rotation of the logs in /home/bob" in ended.err
    names = cluster.run(CTL, ["ls", ".sbatch-service/log"], user="alice").out
    assert f"{service.name}.log.1.gz" in names
