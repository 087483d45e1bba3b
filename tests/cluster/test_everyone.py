"""Operators act on the services of all accounts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from cluster.testbed import CTL, SLEEPER, Cluster, Service

pytestmark = [pytest.mark.alone, pytest.mark.more]

ACCOUNTS = 500
# Two services each, as a start and a stop leave them.
MAKE = """
import json, os, sys
for number in range(int(sys.argv[1])):
    name, uid = f"crowd{number}", 30000 + number
    home = f"/home/{name}"
    files = {".sbatch-service": None, ".sbatch-service/.state": None, ".sbatch-service/log": None}
    for service in ("web", "wiki"):
        files[f".sbatch-service/{service}"] = "#!/bin/sh\\nexit 0\\n"
        files[f".sbatch-service/log/{service}.log"] = "a line\\n" * 100
        ledger = {"schema": 1, "wanted": "stopped", "job_id": 1, "port": 30000}
        files[f".sbatch-service/.state/{service}.json"] = json.dumps(ledger)
    os.makedirs(home)
    for path, text in {"": None, **files}.items():
        whole = os.path.join(home, path)
        if text is None:
            os.makedirs(whole, exist_ok=True)
        else:
            with open(whole, "w") as file:
                file.write(text)
        os.chown(whole, uid, uid)
        os.chmod(whole, 0o700)
"""
KNOWN = """
for n in $(seq 0 $(($1 - 1))); do
    echo "crowd$n:x:$((30000 + n)):$((30000 + n))::/home/crowd$n:/bin/bash" >>/etc/passwd
    echo "crowd$n:x:$((30000 + n)):" >>/etc/group
done
cp /etc/group /etc/group.members
names=$(seq -f crowd%g -s , 0 $(($1 - 1)))
sed "s/^\\(service-pool:.*\\)$/\\1,$names/" /etc/group.members >/etc/group
"""
UNDO = """
cp /etc/passwd.kept /etc/passwd; cp /etc/group.kept /etc/group
rm -rf /etc/passwd.kept /etc/group.kept /etc/group.members /home/crowd*
"""


@pytest.fixture(scope="module")
def crowd(cluster: Cluster) -> Iterator[int]:
    """So many accounts on the login host, each with two services."""
    cluster.run(CTL, ["sh", "-c", "cp /etc/passwd /etc/passwd.kept; cp /etc/group /etc/group.kept"])
    try:
        cluster.run(CTL, ["sh", "-c", KNOWN, "sh", str(ACCOUNTS)])
        cluster.run(CTL, ["python3", "-c", MAKE, str(ACCOUNTS)])
        yield ACCOUNTS
    finally:
        cluster.run(CTL, ["sh", "-c", UNDO])


def squeues(cluster: Cluster, argv: list[str]) -> int:
    """How often squeue is called by a command of root."""
    place = "/usr/local/bin/squeue"
    script = '#!/bin/sh\necho one >>/tmp/squeues\nexec /usr/bin/squeue "$@"\n'
    cluster.run(CTL, ["sh", "-c", "rm -f /tmp/squeues; install -m 666 /dev/null /tmp/squeues"])
    cluster.run(CTL, ["sh", "-c", f"cat >{place}; chmod 755 {place}"], stdin=script)
    try:
        cluster.run(CTL, argv, check=False)
        return len(cluster.run(CTL, ["cat", "/tmp/squeues"]).out.split())
    finally:
        cluster.run(CTL, ["rm", place, "/tmp/squeues"])


def test_the_status_of_1000_services_of_500_accounts_takes_seconds_and_one_squeue(
    cluster: Cluster, crowd: int, service: Service
) -> None:
    service.script(SLEEPER)
    service("start", "--wait")
    argv = ["sbatch-service", "status", "--all-accounts", "--json"]
    cluster.run(CTL, argv, check=False)
    begun = time.monotonic()
    ended = cluster.run(CTL, argv, check=False)
    took = time.monotonic() - begun
    results = ended.json()["results"]
    assert len([each for each in results if each["account"].startswith("crowd")]) == 2 * crowd
    mine = [each for each in results if each["service"] == service.name]
    assert [(each["account"], each["state"]) for each in mine] == [("alice", "running")]
    print(f"status of {len(results)} services of {crowd} accounts: {took:.2f} s")
    assert took < 60
    assert squeues(cluster, argv) == 1


def test_a_list_is_one_table_and_always_a_success(cluster: Cluster, crowd: int) -> None:
    lines = cluster.run(CTL, ["sbatch-service", "list", "--all-accounts"]).out.splitlines()
    assert lines[0].split()[:3] == ["ACCOUNT", "SERVICE", "STATE"]
    assert len([line for line in lines if line.startswith("crowd")]) == 2 * crowd


def test_a_named_service_is_stopped_for_the_accounts_that_have_it(
    cluster: Cluster, service: Service
) -> None:
    service.script(SLEEPER)
    service("start", "--wait")
    ended = cluster.run(CTL, ["sbatch-service", "stop", "--all-accounts", service.name])
    assert ended.out == f"alice {service.name}: stopped\n"
    assert service.status()["state"] == "stopped"


def test_an_account_cannot_make_root_believe_or_do_anything(
    cluster: Cluster, service: Service
) -> None:
    # A home that is full of traps: files that are none, links that lead out, nonsense.
    service.script(SLEEPER)
    service("start", "--wait")
    state = f".sbatch-service/.state/{service.name}"
    traps = f"""
    rm -f {state}.run {state}.json; mkfifo {state}.run
    ln -s /etc/shadow {state}.json; ln -s /etc .sbatch-service/etc
    """
    cluster.run(CTL, ["sh", "-c", traps], user="alice")
    ended = cluster.run(
        CTL, ["timeout", "30", "sbatch-service", "status", "--all-accounts", "--json"], check=False
    )
    cluster.run(CTL, ["sh", "-c", f"rm {state}.run {state}.json .sbatch-service/etc"], user="alice")
    found = {(each["account"], each["service"]): each for each in json.loads(ended.out)["results"]}
    assert "root:" not in ended.out
    mine = found.get(("alice", service.name)) or found["alice", ""]
    assert mine["exit_code"] in (0, 1)
