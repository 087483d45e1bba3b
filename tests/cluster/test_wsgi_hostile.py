"""Applications on the web host, attacked by other accounts of the host and by their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cluster import wsgi
from cluster.testbed import WEB, Cluster, Ended
from cluster.wsgi import ACCOUNT, OTHER, PROGRAM, STATE, application, as_account, deploy, told

pytestmark = [pytest.mark.web, pytest.mark.more, pytest.mark.usefixtures("web_applications")]

SOCKET = f"{STATE}/{PROGRAM}/app.sock"
CLOSED = (
    f"{STATE}/{PROGRAM}/control/stats.sock",
    f"/var/lib/sciportal-supervisord/{ACCOUNT}/supervisor.sock",
)
FIFO = f"{STATE}/{PROGRAM}/control/fifo"
RELOAD = ("sudo", "-n", "sciportal-app", "reload-apache")
# Says what came of connecting to a socket, or of writing to a fifo.
REACH = """\
import os, socket, stat, sys
for path in sys.argv[1:]:
    try:
        if path.endswith("fifo"):
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        else:
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(path)
        print("open")
    except OSError as error:
        print(error.strerror)
"""


def answers(cluster: Cluster) -> bool:
    """Whether the application still does."""
    return bool(told(cluster, PROGRAM, "/queue")["version"])


def current(cluster: Cluster) -> str:
    """The release that is in service."""
    found = json.loads(as_account(cluster, "sciportal-app", "status", PROGRAM).out)
    return str(found["release"])


def exists(cluster: Cluster, path: str) -> bool:
    return cluster.run(WEB, ["test", "-e", path], check=False).code == 0


def reached(cluster: Cluster, user: str, *paths: str) -> list[str]:
    """What came of each path when `user` tried it."""
    ended = cluster.run(
        WEB,
        [
            "setpriv",
            "--reuid",
            user,
            "--regid",
            user,
            "--init-groups",
            "python3",
            "-c",
            REACH,
            *paths,
        ],
    )
    return ended.out.splitlines()


def sudo(cluster: Cluster, *argv: str, user: str = ACCOUNT) -> Ended:
    return as_account(cluster, "sudo", "-n", *argv, user=user, check=False)


def test_only_apache_and_the_account_reach_the_application(cluster: Cluster) -> None:
    every = (SOCKET, *CLOSED, FIFO)
    assert reached(cluster, ACCOUNT, *every) == ["open"] * 4
    assert reached(cluster, OTHER, *every) == ["Permission denied"] * 4
    assert reached(cluster, "www-data", *every) == ["open", *["Permission denied"] * 3]
    # Nothing of it is on the network, or in the namespace of abstract sockets.
    sockets = cluster.run(WEB, ["ss", "-lnptx"]).out
    mine = [line for line in sockets.splitlines() if "uwsgi" in line or "supervisord" in line]
    assert mine
    assert [line for line in mine if " /var/lib/sciportal-" not in line] == []


def test_another_account_neither_reads_nor_replaces_anything_of_it(cluster: Cluster) -> None:
    home = f"/home/{ACCOUNT}"
    for argv in (
        ["cat", f"{home}/supervisord.conf"],
        ["cat", f"{home}/private/config/{PROGRAM}/uwsgi.ini"],
        ["ls", f"{STATE}/{PROGRAM}"],
        ["touch", f"{STATE}/{PROGRAM}/app.sock.new"],
        ["touch", f"{STATE}/other"],
        ["supervisorctl", "--configuration", f"{home}/supervisord.conf", "status"],
        ["sciportal-app", "reload", PROGRAM],
    ):
        assert as_account(cluster, *argv, user=OTHER, check=False).code != 0, argv


def test_nothing_runs_with_more_rights_than_the_account(cluster: Cluster) -> None:
    uid = cluster.run(WEB, ["id", "-u", ACCOUNT]).out.strip()
    assert told(cluster, PROGRAM, "/queue")["uid"] == int(uid)
    found = cluster.run(WEB, ["ps", "-eo", "uid,args"]).out.splitlines()
    ours = [line.split() for line in found if "supervisord" in line or "/uwsgi" in line]
    assert len(ours) >= 3
    # The job portal is an application, too, of an account of its own.
    portal = cluster.run(WEB, ["id", "-u", "portal"]).out.strip()
    assert {words[0] for words in ours} - {portal} == {uid}


def test_the_account_may_reload_apache_and_nothing_else(cluster: Cluster) -> None:
    cluster.run(WEB, ["rm", "-f", "/run/sciportal-apache-reload"])
    before = cluster.run(WEB, ["pgrep", "-o", "apache2"]).out
    assert as_account(cluster, *RELOAD).out == "apache: reloaded\n"
    again = sudo(cluster, "sciportal-app", "reload-apache")
    assert again.code == 6
    assert "wait 10 s between two" in again.err
    assert cluster.run(WEB, ["pgrep", "-o", "apache2"]).out == before
    assert answers(cluster)
    for argv in (
        ("id",),
        ("sciportal-app", "check"),
        ("sciportal-app", "run", PROGRAM),
        ("sciportal-app", "reload-apache", "--help"),
        ("-u", OTHER, "sciportal-app", "reload-apache"),
        ("-g", "www-data", "sciportal-app", "reload-apache"),
        ("PYTHONPATH=/tmp", "sciportal-app", "reload-apache"),
        ("APACHE_CONFDIR=/tmp", "sciportal-app", "reload-apache"),
        ("-E", "sciportal-app", "reload-apache"),
        ("/usr/sbin/apache2ctl", "graceful"),
        ("systemctl", "reload", "apache2"),
        ("cp", "/etc/hostname", "/etc/apache2/sciportal/apps/x.conf"),
        ("sciportal-app",),
    ):
        refused = sudo(cluster, *argv)
        assert refused.code == 1, argv
        assert "sudo:" in refused.err, argv
    assert sudo(cluster, "sciportal-app", "reload-apache", user=OTHER).code == 1


def test_a_configuration_that_does_not_pass_is_not_loaded(cluster: Cluster) -> None:
    cluster.run(WEB, ["rm", "-f", "/run/sciportal-apache-reload"])
    bad = "/etc/apache2/sites-enabled/zz-broken.conf"
    cluster.run(WEB, ["sh", "-c", f"echo NoSuchDirective on >{bad}"])
    try:
        refused = sudo(cluster, "sciportal-app", "reload-apache")
        assert refused.code == 1
        assert "a test of Apache's configuration" in refused.err
        assert answers(cluster)
    finally:
        cluster.run(WEB, ["rm", bad])


def test_the_account_writes_nothing_that_root_or_apache_reads(cluster: Cluster) -> None:
    places = ["/etc", "/run/apache2", "/usr/local", "/opt", "/var/lib", "/var/log"]
    found = as_account(
        cluster,
        "find",
        *places,
        "-writable",
        "-not",
        "-type",
        "l",
        "-not",
        "-path",
        "/proc/*",
        check=False,
    ).out.splitlines()
    own = (f"{STATE}/", f"/var/lib/sciportal-supervisord/{ACCOUNT}")
    assert [path for path in found if not path.startswith(own)] == []
    included = cluster.run(WEB, ["apache2ctl", "-t", "-D", "DUMP_INCLUDES"]).out
    assert f"sciportal/apps/{PROGRAM}.conf" in included
    assert "/home/" not in included


def test_links_in_a_home_lead_the_role_nowhere(cluster: Cluster, tmp_path: Path) -> None:
    as_account(cluster, "ln", "-s", "/etc/sciportal", f"/home/{OTHER}/private", user=OTHER)
    before = cluster.run(WEB, ["sh", "-c", "ls -lR --time-style=full-iso /etc/sciportal"]).out
    played = deploy(application("evil", account=OTHER))
    assert played.code != 0
    assert (
        cluster.run(WEB, ["sh", "-c", "ls -lR --time-style=full-iso /etc/sciportal"]).out == before
    )
    assert not exists(cluster, "/etc/apache2/sciportal/apps/evil.conf")
    assert answers(cluster)


def test_what_an_account_writes_in_its_files_stays_its_own_affair(cluster: Cluster) -> None:
    # A configuration that runs a program, one that wants to be root, and a log that leads to a file
    # of root's: all is done, or refused, as the account. The unit of the host is no way around it.
    ini = f"private/config/{PROGRAM}/uwsgi.ini"
    script = f"""
    printf '\\nexec-asap = id >/home/{ACCOUNT}/who\\n' >>{ini}
    printf '\\n[supervisord]\\nuser=root\\n' >>private/config/tick/program.conf
    rm private/logs/tick/*.log && ln -s /etc/escaped private/logs/tick/{WEB}.log
    """
    as_account(cluster, "sh", "-c", script)
    as_account(cluster, "sciportal-app", "deploy", PROGRAM, current(cluster))
    assert f"({ACCOUNT})" in as_account(cluster, "cat", "who").out
    played = deploy(supervisord_programs=wsgi.programs("100003"), supervisord_systemd=True)
    assert played.code != 0
    assert not exists(cluster, "/etc/escaped")
    user = ["systemctl", "show", "-P", "User", f"sciportal-supervisord-{ACCOUNT}.service"]
    assert cluster.run(WEB, user).out.strip() == ACCOUNT
    as_account(cluster, "rm", f"private/logs/tick/{WEB}.log")
    version = current(cluster)
    release = {**wsgi.applications(version)[1]}
    deploy(release, supervisord_programs=wsgi.programs("100003")).ok()
    assert "exec-asap" not in as_account(cluster, "cat", ini).out
    assert answers(cluster)
    run = cluster.run(WEB, ["systemctl", "is-active", f"sciportal-supervisord-{ACCOUNT}"]).out
    assert run == "active\n"
