"""Bad input ends with one clear message and the right exit code, and changes nothing."""

from __future__ import annotations

import re

import pytest

from cluster.testbed import CTL, SLEEPER, Cluster, Service


def one_message(text: str) -> bool:
    """Whether an error is one message and no traceback."""
    return "Traceback" not in text and len(re.findall("^sbatch-service: ", text, re.MULTILINE)) == 1


@pytest.mark.parametrize(
    "name", ["../x", "-rf", "", "x" * 300, "Apache", "log", "a--b", "a b", "é"]
)
def test_a_wrong_name_is_a_usage_error_before_anything_is_touched(
    cluster: Cluster, name: str
) -> None:
    ended = cluster.service("bob", "start", name, check=False)
    assert ended.code == 2
    assert one_message(ended.err)


def test_an_unknown_action_is_a_usage_error(cluster: Cluster) -> None:
    ended = cluster.service("bob", "begin", "web", check=False)
    assert ended.code == 2
    assert "purge" in ended.err


def test_init_without_a_service_is_a_usage_error(cluster: Cluster) -> None:
    assert cluster.service("bob", "init", check=False).code == 2


def test_a_usage_error_with_json_is_json_too(cluster: Cluster) -> None:
    ended = cluster.service("bob", "start", "--json", "../x", check=False)
    assert ended.code == 2
    assert ended.json()["error"]["exit_code"] == 2


@pytest.mark.parametrize("action", ["init", "deploy", "start", "restart"])
def test_who_has_no_permission_is_told_how_to_get_it(cluster: Cluster, action: str) -> None:
    ended = cluster.service("carol", action, "apache", check=False)
    assert ended.code == 5
    assert one_message(ended.err)
    assert "grant" in ended.err
    cluster.run(CTL, ["test", "!", "-e", ".sbatch-service/apache"], user="carol")


def test_who_has_no_permission_is_told_so_without_naming_a_service_too(cluster: Cluster) -> None:
    ended = cluster.service("carol", "start", check=False)
    assert ended.code == 5
    assert "grant" in ended.err


def test_a_service_that_is_nowhere_is_named(service: Service) -> None:
    ended = service("start", check=False)
    assert ended.code == 1
    assert f".sbatch-service/{service.name}" in ended.err


def test_a_file_that_is_not_executable_is_named(service: Service) -> None:
    service.script(SLEEPER, mode="644")
    ended = service("start", check=False)
    assert ended.code == 1
    assert "chmod u+x" in ended.err


def test_a_file_that_everybody_may_write_is_refused(service: Service) -> None:
    service.script(SLEEPER, mode="777")
    ended = service("start", check=False)
    assert ended.code == 1
    assert "chmod o-w" in ended.err


def test_a_dangling_link_is_named(service: Service) -> None:
    service.cluster.run(CTL, ["mkdir", "-p", ".sbatch-service"], user="alice")
    link = ["ln", "-sf", "/nowhere", f".sbatch-service/{service.name}"]
    service.cluster.run(CTL, link, user="alice")
    ended = service("start", check=False)
    assert ended.code == 1
    assert "dangling" in ended.err


def test_a_file_of_another_user_is_not_run(service: Service) -> None:
    cluster = service.cluster
    cluster.write("bob", "trap", '#!/bin/sh\ntouch "$HOME/trapped"\n', "755")
    cluster.run(CTL, ["chmod", "755", "/home/bob"])
    cluster.run(CTL, ["mkdir", "-p", ".sbatch-service"], user="alice")
    link = ["ln", "-sf", "/home/bob/trap", f".sbatch-service/{service.name}"]
    cluster.run(CTL, link, user="alice")
    ended = service("start", check=False)
    assert ended.code == 1
    assert "belongs to uid 2002" in ended.err
    cluster.run(CTL, ["test", "!", "-e", "/home/alice/trapped"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("echo hello", "'hello'"),
        ("echo '#SBATCH --mem=\"1'", "quoting"),
        ("echo '#SBATCH stray'", "'stray'"),
        ("echo '#SBATCH --array=1-3'", "--array"),
        ("exit 9", "exit status 9"),
        ("yes", "more than a stage may"),
        ("kill -9 $$", "signal 9"),
    ],
)
def test_a_wrong_start_stage_submits_nothing(service: Service, line: str, said: str) -> None:
    service.script(f"#!/bin/sh\n[ $1 = main ] && exec sleep 1000\n{line}\n")
    ended = service("start", check=False)
    assert ended.code == 1
    assert one_message(ended.err)
    assert said in ended.err
    assert service.cluster.jobs("alice", service.name, "all") == []


def test_a_stage_that_leaves_a_child_with_its_output_is_not_waited_for(service: Service) -> None:
    service.script("#!/bin/sh\n[ $1 = main ] && exec sleep 1000\nsleep 30 &\n")
    service("start")
    assert len(service.cluster.jobs("alice", service.name)) == 1


def test_an_unknown_signal_sends_nothing(service: Service) -> None:
    service.script("#!/bin/sh\n[ $1 = main ] && exec sleep 1000\n[ $1 != stop ] || echo NOSUCH\n")
    service("start", "--wait")
    ended = service("stop", check=False)
    assert ended.code == 1
    assert "NOSUCH" in ended.err
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


def test_settings_with_a_mistake_stop_nothing_that_runs(service: Service) -> None:
    service.script(SLEEPER)
    service("start", "--wait")
    service.settings('acces = "public"\n')
    ended = service("restart", check=False)
    assert ended.code == 1
    assert "'acces'" in ended.err
    assert len(service.cluster.jobs("alice", service.name)) == 1


@pytest.mark.parametrize(
    "line", ["port = 80", "port = 70000", 'port = "x"', 'access = "all"', "= 3", "stop_timeout = 0"]
)
def test_wrong_settings_are_named(service: Service, line: str) -> None:
    service.script(SLEEPER)
    service.settings(line + "\n")
    ended = service("start", check=False)
    assert ended.code == 1
    assert one_message(ended.err)


def test_a_log_directory_that_is_a_file_is_named(service: Service, cluster: Cluster) -> None:
    service.script(SLEEPER)
    move = "mv .sbatch-service/log .sbatch-service/kept 2>/dev/null; touch .sbatch-service/log"
    back = "rm -f .sbatch-service/log; mv .sbatch-service/kept .sbatch-service/log 2>/dev/null || :"
    cluster.run(CTL, ["sh", "-c", move], user="alice")
    ended = service("start", check=False)
    cluster.run(CTL, ["sh", "-c", back], user="alice")
    assert ended.code == 1
    assert "move it away" in ended.err


def test_a_link_that_leaves_the_home_is_not_written_through(cluster: Cluster) -> None:
    cluster.run(CTL, ["sh", "-c", "rm -rf /tmp/outside && mkdir -m 777 /tmp/outside"])
    cluster.run(CTL, ["rm", "-rf", ".sbatch-service"], user="bob")
    cluster.run(CTL, ["ln", "-s", "/tmp/outside", ".sbatch-service"], user="bob")
    ended = cluster.service("bob", "init", "apache", check=False)
    cluster.run(CTL, ["rm", ".sbatch-service"], user="bob")
    assert ended.code == 1
    assert "leads out of the home" in ended.err
    assert cluster.run(CTL, ["ls", "-A", "/tmp/outside"]).out == ""


@pytest.mark.parametrize(("user", "said"), [("dave", "No space left"), ("erin", "Read-only")])
def test_a_home_that_is_full_or_read_only_is_named(cluster: Cluster, user: str, said: str) -> None:
    # The login host has a tiny and a read-only file system there.
    make = "id $1 || useradd -M -d $2 -G service-pool $1; chown $1: $2; cat /dev/zero >$2/full"
    cluster.run(CTL, ["sh", "-c", make, "sh", user, f"/srv/{user}"], check=False)
    ended = cluster.run(CTL, ["sbatch-service", "init", "apache", "--account", user], check=False)
    assert ended.code == 1
    assert said in ended.err
    assert one_message(ended.err)
    status = cluster.run(
        CTL, ["sbatch-service", "status", "apache", "--account", user], check=False
    )
    assert status.code == 3
