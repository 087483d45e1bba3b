"""A cluster that its operators built by hand, before and after `site.yml` in mode existing."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.testbed import PREFIX, ROOT, Cluster, wait_for

pytestmark = pytest.mark.beside

HOST = f"{PREFIX}-existing"

SITE = "playbooks/site.yml"

SLURM_CONF = f"""\
ClusterName=byhand
SlurmctldHost={HOST}
SlurmUser=slurm
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0
StateSaveLocation=/var/lib/slurm/slurmctld
SlurmdSpoolDir=/var/lib/slurm/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
EnforcePartLimits=ALL
JobSubmitPlugins=lua
Prolog=/etc/slurm/prolog-of-the-site
Epilog=/etc/slurm/epilog-of-the-site
PrologSlurmctld=/etc/slurm/prolog-slurmctld-of-the-site
NodeName={HOST} CPUs=16 State=UNKNOWN
PartitionName=batch Nodes=ALL Default=YES State=UP
"""

JOB_SUBMIT = """\
function slurm_job_submit(job, partitions, uid)
    if job.name == "forbidden" or job.name == "forbidden-service" then
        slurm.log_user("the site says no")
        return slurm.ERROR
    end
    return slurm.SUCCESS
end

function slurm_job_modify(change, job, partitions, uid)
    return slurm.SUCCESS
end

slurm.log_info("the site's rules are loaded")
return slurm.SUCCESS
"""

PROLOG = """\
#!/bin/sh
echo "prolog $SLURM_JOB_ID" >>/var/log/prologs
"""

EPILOG = """\
#!/bin/sh
echo "epilog $SLURM_JOB_ID" >>/var/log/prologs
"""

PROLOG_SLURMCTLD = """\
#!/bin/sh
echo "$(basename "$0") $SLURM_JOB_ID" >>/var/log/slurm/prologs
"""

BUILD = """
set -e
chmod 755 /etc/slurm/prolog* /etc/slurm/epilog*
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o Dpkg::Use-Pty=0 install -y munge slurmctld slurmd slurm-client >/dev/null
useradd -M -u 2001 alice
mkdir -p /home/alice
chown alice: /home/alice
systemctl enable --quiet --now slurmctld slurmd
"""


def podman(*words: str, check: bool = True) -> str:
    """Run podman as the cluster does."""
    done = subprocess.run(
        [str(ROOT / "tools" / "podman"), *words], capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        pytest.fail(f"podman {words}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


class Site(Cluster):
    """The cluster built by hand, which is one host."""

    def __init__(self, directory: Path) -> None:
        self.role = str(directory / "role.yml")
        Path(self.role).write_text("[{hosts: all, roles: [sciportal.hosting.slurm]}]\n")
        self.inventory = directory / "hosts"
        groups = ("sciportal_controller", "sciportal_login", "sciportal_nodes")
        lines = [f"[{group}]\n{HOST}\n" for group in groups]
        settings = {
            "ansible_connection": "ssh",
            "ansible_ssh_executable": ROOT / "tools" / "ssh",
            "ansible_ssh_args": "''",
            "ansible_ssh_transfer_method": "piped",
            "ansible_ssh_pipelining": "true",
            "slurm_mode": "existing",
        }
        variables = "".join(f"{name}={value}\n" for name, value in settings.items())
        self.inventory.write_text("".join(lines) + f"[all:vars]\n{variables}")

    def play(self, playbook: str, *words: str) -> str:
        """Run a playbook and return what it said; fail if it failed."""
        argv = ["ansible-playbook", "-i", str(self.inventory), playbook, *words]
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    def root(self, *argv: str) -> str:
        """Run a command as root and return its output."""
        return self.run(HOST, argv).out.strip()

    def put(self, path: str, text: str) -> None:
        """Write a file as root."""
        self.run(HOST, ["sh", "-c", 'cat >"$1"', "sh", path], stdin=text)

    def submit(self, *options: str) -> tuple[int, str]:
        """Submit a long job as alice; the exit status and all that sbatch said."""
        argv = ["sbatch", "--parsable", *options, "--wrap", "sleep 600"]
        done = self.run(HOST, argv, user="alice", check=False)
        return done.code, (done.out + done.err).strip()

    def state(self, job: str) -> str:
        """The state of a job."""
        return self.root("squeue", "-h", "-t", "all", "-j", job, "-o", "%T")


def changed(said: str) -> int:
    """How many tasks of a play changed something."""
    return int(re.findall(rf"{HOST} .*?changed=(\d+)", said)[-1])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The cluster with a running job, before ours is added."""
    podman("rm", "--force", "--time", "0", HOST, check=False)
    image = subprocess.check_output([str(ROOT / "tools" / "image"), "--name"], text=True).strip()
    words = ("--cap-add", "NET_ADMIN", "--name", HOST, "--hostname", HOST)
    podman("run", "-d", "--systemd=always", *words, image)
    try:
        site = Site(tmp_path_factory.mktemp("existing"))
        wait_for(lambda: site.run(HOST, ["systemctl", "is-system-running"], check=False).out, 30)
        site.run(HOST, ["mkdir", "-p", "/etc/slurm"])
        site.put("/etc/slurm/slurm.conf", SLURM_CONF)
        site.put("/etc/slurm/job_submit.lua", JOB_SUBMIT)
        site.put("/etc/slurm/prolog-of-the-site", PROLOG)
        site.put("/etc/slurm/epilog-of-the-site", EPILOG)
        site.put("/etc/slurm/prolog-slurmctld-of-the-site", PROLOG_SLURMCTLD)
        site.run(HOST, ["sh", "-c", BUILD])
        wait_for(lambda: "idle" in site.run(HOST, ["sinfo"], check=False).out, 30)
        yield site
    finally:
        podman("rm", "--force", "--time", "0", HOST, check=False)


def test_ours_is_added_beside_what_is_there(site: Site) -> None:
    job = site.submit("-J", "mine")[1]
    wait_for(lambda: site.state(job) == "RUNNING", 20)
    process = site.root("pgrep", "-f", "sleep 600")

    said = site.play(site.role, "--check")
    assert "Include /etc/slurm/sciportal/sciportal.conf" in said
    assert "take the line PrologSlurmctld=" in said
    assert "take the line Prolog=" in said
    assert "take the line Epilog=" in said
    assert site.root("cat", "/etc/slurm/slurm.conf") == SLURM_CONF.strip()
    assert site.root("cat", "/etc/slurm/job_submit.lua") == JOB_SUBMIT.strip()

    site.play(SITE, "-e", "slurm_manage_hooks=true")
    assert changed(site.play(SITE, "-e", "slurm_manage_hooks=true")) == 0
    assert site.state(job) == "RUNNING"
    assert site.root("pgrep", "-f", "sleep 600") == process
    assert site.root("systemctl", "is-active", "slurmctld", "slurmd") == "active\nactive"


def test_the_sites_rules_stand(site: Site) -> None:
    assert "the site says no" in site.submit("-J", "forbidden")[1]
    code, job = site.submit("-J", "plain")
    assert code == 0
    wait_for(lambda: site.state(job) == "RUNNING", 20)
    assert f"prolog {job}" in site.root("cat", "/var/log/prologs")
    assert f"of-the-site {job}" in site.root("cat", "/var/log/slurm/prologs")
    site.root("scancel", job)
    wait_for(lambda: f"epilog {job}" in site.root("cat", "/var/log/prologs"), 20)


def test_ours_apply_as_well(site: Site) -> None:
    assert "not permitted" in site.submit("-p", "service-pool", "-J", "early-service")[1]
    site.root("usermod", "-aG", "service-pool", "alice")
    words = ["scontrol", "reconfigure"]
    wait_for(lambda: site.run(HOST, words, check=False).code == 0, 60)
    assert "named SERVICE-service" in site.submit("-p", "service-pool", "-J", "web")[1]
    assert "the site says no" in site.submit("-p", "service-pool", "-J", "forbidden-service")[1]

    code, first = site.submit("-p", "service-pool", "-J", "web-service")
    assert code == 0
    assert "duplicate service web" in site.submit("-p", "service-pool", "-J", "web-service")[1]
    wait_for(lambda: site.state(first) == "RUNNING", 20)
    assert f"of-the-site {first}" in site.root("cat", "/var/log/slurm/prologs")
    wait_for(lambda: site.submit("-p", "service-pool", "-J", "web-service")[0] == 0, 10, every=1)
    states = ["squeue", "-h", "-t", "all", "-n", "web-service", "-o", "%T"]
    wait_for(lambda: sorted(site.root(*states).split()) == ["CANCELLED", "RUNNING"], 20)
    assert site.state(first) == "RUNNING"


def test_the_port_of_a_service_is_its_accounts_as_long_as_it_runs(site: Site) -> None:
    owners = ["nft", "--numeric", "list", "set", "inet", "sciportal_guard", "owners"]
    comment = ["--comment", "sbatch-service/1 http 24601 owner"]
    code, job = site.submit("-p", "service-pool", "-J", "guarded-service", *comment)
    assert code == 0
    wait_for(lambda: "24601 . 2001" in site.root(*owners), 20)
    assert f"prolog {job}" in site.root("cat", "/var/log/prologs")
    site.root("scancel", job)
    wait_for(lambda: "24601" not in site.root(*owners), 20)
