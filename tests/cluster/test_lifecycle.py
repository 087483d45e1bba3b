"""The eight actions as an account owner uses them, on real Slurm."""

from __future__ import annotations

import pytest

from cluster.testbed import CTL, HELLO, NODES, SLEEPER, Service, wait_for

# Says in its log which signals reach it, and ends at TERM only.
LISTENER = """\
#!/bin/bash
[ "$1" = main ] || exit 0
for s in HUP USR1 WINCH; do trap "echo got $s" "$s"; done
trap 'echo got TERM; exit 0' TERM
echo up
while :; do sleep 0.1; done
"""


def test_start_is_done_when_the_job_is_in_the_queue(service: Service) -> None:
    service.script(SLEEPER)
    service("start")
    assert len(service.cluster.jobs("alice", service.name)) == 1


def test_start_of_what_runs_changes_nothing(service: Service) -> None:
    service.script(SLEEPER)
    first = service("start", "--json").json()["results"][0]
    second = service("start", "--json").json()["results"][0]
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["job_id"] == second["job_id"]


def test_stop_is_done_when_no_job_is_left(service: Service) -> None:
    service.script(SLEEPER)
    service("start", "--wait")
    service("stop")
    assert service.cluster.jobs("alice", service.name) == []


def test_stop_of_a_pending_job_cancels_it(service: Service) -> None:
    service.script(SLEEPER)
    service.settings('sbatch = ["--begin=now+1hour"]\n')
    service("start")
    assert service.status()["state"] == "pending"
    service("stop")
    assert service.cluster.jobs("alice", service.name) == []


def test_a_service_that_ignores_its_signal_is_cancelled(service: Service) -> None:
    service.script(
        "#!/bin/bash\n[ $1 = main ] || exit 0\ntrap '' TERM\nwhile :; do sleep 1; done\n"
    )
    service.settings("stop_timeout = 2\n")
    service("start", "--wait")
    wait_for(lambda: service.status()["state"] == "running", 10)
    service("stop")
    assert service.cluster.jobs("alice", service.name) == []


def test_restart_gives_a_new_job(service: Service) -> None:
    service.script(SLEEPER)
    first = service("start", "--json", "--wait").json()["results"][0]["job_id"]
    second = service("restart", "--json", "--wait").json()["results"][0]["job_id"]
    assert first != second
    assert len(service.cluster.jobs("alice", service.name)) == 1


def test_signals_reach_the_main_process_only_and_as_asked(service: Service) -> None:
    stages = "case $1 in reload) echo SIGUSR1;; stop) echo 15;; esac\n"
    service.script(LISTENER.replace("exit 0\nfor", f"{{ {stages}exit 0; }}\nfor", 1))
    service("start", "--wait")
    wait_for(lambda: "up" in service.log(), 10)
    service("reload")
    wait_for(lambda: "got USR1" in service.log(), 5)
    service("stop")
    ours = [line for line in service.log().splitlines() if not line.startswith("slurmstepd")]
    assert ours == ["up", "got USR1", "got TERM"]


def test_reload_sends_hup_unless_told_otherwise(service: Service) -> None:
    service.script(LISTENER)
    service("start", "--wait")
    wait_for(lambda: "up" in service.log(), 10)
    service("reload")
    wait_for(lambda: "got HUP" in service.log(), 5)


def test_reload_of_a_pending_job_sends_nothing_and_succeeds(service: Service) -> None:
    service.script(SLEEPER)
    service.settings('sbatch = ["--begin=now+1hour"]\n')
    service("start")
    assert service("reload", "--json").json()["results"][0]["changed"] is False
    assert service.status()["state"] == "pending"


def test_init_stops_and_does_not_start_again(service: Service) -> None:
    service.script(
        '#!/bin/sh\necho "stage $1" >>stages.txt\n[ $1 = main ] && exec sleep 1000\nexit 0\n'
    )
    service("start", "--wait")
    wait_for(lambda: "main" in service.cluster.run(CTL, ["cat", "/home/alice/stages.txt"]).out, 10)
    service("init")
    assert service.cluster.jobs("alice", service.name) == []
    stages = service.cluster.run(CTL, ["cat", "stages.txt"], user="alice").out.split("\n")
    service.cluster.run(CTL, ["rm", "stages.txt"], user="alice")
    assert stages == ["stage start", "stage main", "stage stop", "stage init", ""]


def test_deploy_initialises_and_starts(service: Service) -> None:
    service.script(SLEEPER)
    steps = service("deploy", "--json").json()["results"][0]["steps"]
    assert [each["step"] for each in steps][-3:] == ["stage", "stage", "submit"]
    assert len(service.cluster.jobs("alice", service.name)) == 1


# It looks at the whole home, where tests beside it put their files.
@pytest.mark.alone
@pytest.mark.parametrize("action", ["init", "deploy", "start", "stop", "restart", "purge"])
def test_check_says_what_would_be_done_and_changes_nothing(service: Service, action: str) -> None:
    service.script(SLEEPER)
    service("start", "--wait")
    files = ["find", ".", "-not", "-name", "*.log", "-printf", "%p %T@ %l\n"]
    before = service.cluster.run(CTL, files, user="alice").out, service.status()
    would = service(action, "--check", "--json").json()["results"][0]
    assert (service.cluster.run(CTL, files, user="alice").out, service.status()) == before
    yes = ["--yes", "--no-archive"] if action == "purge" else []
    if action == "purge":
        would = service(action, "--check", "--no-archive", "--json").json()["results"][0]
    did = service(action, "--json", *yes).json()["results"][0]
    assert (would["changed"], would["steps"]) == (did["changed"], did["steps"])


def test_purge_removes_the_canonical_files_only_and_keeps_an_archive(service: Service) -> None:
    cluster = service.cluster
    service.script(SLEEPER)
    cluster.write("alice", f".{service.name}-service/data", "its own\n")
    cluster.write("alice", f".sbatch-service/{service.name}-notes", "mine\n")
    service("start", "--wait")
    service("purge", "--yes")
    left = cluster.run(CTL, ["find", ".", "-name", f"*{service.name}*"], user="alice").out.split()
    archives = [each for each in left if each.endswith(".tar.gz")]
    assert sorted(set(left) - set(archives)) == [f"./.sbatch-service/{service.name}-notes"]
    listed = cluster.run(CTL, ["tar", "tzf", archives[0]], user="alice").out.split()
    assert f".sbatch-service/{service.name}" in listed
    assert f".{service.name}-service/data" in listed
    assert cluster.jobs("alice", service.name) == []
    cluster.run(CTL, ["rm", archives[0], f".sbatch-service/{service.name}-notes"], user="alice")


def test_status_tells_state_by_exit_code_and_json(service: Service) -> None:
    service.script(HELLO)
    assert service("status", check=False).code == 3
    service("start", "--wait")
    running = service("status", "--json")
    found = running.json()["results"][0]
    assert running.code == 0
    assert found["state"] == "running"
    assert found["endpoint"]["access"] == "owner"
    assert found["node"] in NODES
    assert found["since"].endswith("Z")


def test_the_endpoint_is_in_the_comment_of_the_job(service: Service) -> None:
    service.script(SLEEPER)
    service.settings('access = "public"\nport = 30123\n')
    service("start")
    argv = ["squeue", "-h", "-n", f"{service.name}-service", "-o", "%k"]
    assert service.cluster.run(CTL, argv).out.strip() == "sbatch-service/1 http 30123 public"


def test_an_action_without_services_means_all_of_the_account(service: Service) -> None:
    service.script(SLEEPER)
    named = service.cluster.service("alice", "status", "--json", check=False).json()["results"]
    assert service.name in [each["service"] for each in named]


def test_the_job_gets_a_clean_environment_and_the_profile(service: Service) -> None:
    cluster = service.cluster
    cluster.write("alice", ".profile", "export FROM_PROFILE=yes\n")
    service.script(
        "#!/bin/sh\n[ $1 = main ] || exit 0\nenv; pwd; exec python3 -m http.server $PORT\n"
    )
    cluster.run(
        CTL,
        ["env", "SECRET=1", "sbatch-service", "start", "--wait", service.name],
        user="alice",
    )
    log = wait_for(lambda: service.log() if "SLURM_JOB_ID" in service.log() else "", 10)
    cluster.run(CTL, ["rm", ".profile"], user="alice")
    assert "SECRET" not in log
    assert "FROM_PROFILE=yes" in log
    assert f"SERVICE={service.name}" in log
    assert "PORT=" in log
    assert "/home/alice" in log.split()


def test_root_acts_as_an_account_with_its_rights_only(service: Service) -> None:
    service.script(
        "#!/bin/sh\n[ $1 = start ] && id -un >stage-user\n[ $1 = main ] && exec sleep 99\nexit 0\n"
    )
    service.cluster.run(CTL, ["sbatch-service", "start", "--account", "alice", service.name])
    who = service.cluster.run(CTL, ["cat", "/home/alice/stage-user"]).out
    service.cluster.run(CTL, ["rm", "/home/alice/stage-user"])
    assert who == "alice\n"
    owners = service.cluster.run(
        CTL, ["find", "/home/alice/.sbatch-service", "-not", "-user", "alice"]
    )
    assert owners.out == ""
