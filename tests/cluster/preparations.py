"""What is set up for the cases of the table of messages, on the login host."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from cluster.testbed import CTL, SLEEPER, Cluster
from messages.table import Case

STAGE_SECONDS = 3
SITE = "/etc/sciportal/service.toml"
# A configuration of Slurm that names a port where nobody listens; slurmctld stays up for others.
DEAD_CONF = "/tmp/test-messages-slurm.conf"

# By name, what root does in ~/.sbatch-service of the account $U to the service $S, whose
# executable and settings are there.
PREPARATIONS = {
    "service": "",
    "nothing": "rm $S $S.toml",
    "not executable": "chmod a-x $S",
    "writable by everybody": "chmod 777 $S",
    "dangling link": "ln -sf /nowhere $S",
    "directory": "rm $S; mkdir $S",
    "pipe": "rm $S; mkfifo -m 700 $S; chown $U: $S",
    "somebody else's": "chown bob: $S",
    "link to somebody else's": f"mv $S {DEAD_CONF}.$S; chown bob: {DEAD_CONF}.$S; "
    f"ln -s {DEAD_CONF}.$S $S",
    "no interpreter": "sed -i '1s/.*/#!.nowhere.sh/' $S",
    "huge settings": "head -c 100000 /dev/zero >$S.toml",
    "settings nobody may read": "chmod 000 $S.toml",
    "ports.ini without a port": "install -d -o $U ../.$S-service; echo x >../.$S-service/ports.ini",
    "ports.ini with 9100": "install -d -o $U ../.$S-service; "
    "printf '[uwsgi]\\nsocket = :9100\\n' >../.$S-service/ports.ini",
    "ends at once": "echo '[ $1 = main ] || exit 0; cat no-such-file; exit 3' >$S; "
    "sed -i '1i#!/bin/sh' $S",
    "locked": "install -o $U -m 600 /dev/null .state/$S.lock; "
    "flock --close .state/$S.lock sleep 300 </dev/null >/dev/null 2>&1 & echo $! >.state/$S.pid",
    # Its start succeeds, and nothing listens on its port.
    "deaf": "",
    # These run when the rest is done to them.
    "runs": "",
    "removed while it runs": "rm $S",
    "beside the holder of port 31999": "",
}
RUNNING = ("runs", "removed while it runs")
LEFT_RUNNING = (*RUNNING, "deaf")
# A service beside the one of the case.
HOLDER = "e-holder"

PEOPLE = f"""\
for name in dave erin frank grace heidi ivan; do
    id $name || useradd -M -d /srv/$name -G service-pool -s /bin/bash $name
done
mkdir -p /srv/frank /srv/grace /srv/heidi/.sbatch-service /srv/outside
touch /srv/heidi/.sbatch-service/log
ln -sfn /srv/outside /srv/grace/.sbatch-service
for name in frank grace heidi; do chown -hR $name: /srv/$name; done
# The login host has a tiny and a read-only file system there.
chown dave: /srv/dave; cat /dev/zero >/srv/dave/full
[ -e {SITE}.kept ] || cp {SITE} {SITE}.kept
sed -i 's/^stage_timeout = .*/stage_timeout = {STAGE_SECONDS}/' {SITE}
grep -qx 'stage_timeout = {STAGE_SECONDS}' {SITE} || exit 9
sed '/^SlurmctldPort=/Id; $a SlurmctldPort=1\\nMessageTimeout=2' /etc/slurm/slurm.conf \\
    >{DEAD_CONF}
install -d -o alice -g alice -m 700 ~alice/.sbatch-service ~alice/.sbatch-service/.state
"""

AWAY = f"""\
mv {SITE}.kept {SITE}
cd ~alice/.sbatch-service && cat .state/e*.pid | xargs -r kill
rm -rf e[0-9]* .state/e[0-9]*.pid {DEAD_CONF}* /srv/dave/full /srv/outside
for name in dave erin frank grace heidi ivan; do userdel $name; done
rm -rf /srv/frank /srv/grace /srv/heidi
"""


def prepare(cluster: Cluster, cases: Sequence[Case]) -> None:
    """Set up what the cases need; all of it is alice's, but for the people of PEOPLE."""
    mine = [each for each in cases if each.user == "alice"]
    running = [each for each in mine if each.prepared in RUNNING]
    root(cluster, PEOPLE + "".join(_files(each, "") for each in mine) + _holder())
    cluster.service("alice", "start", "--wait", *(each.service for each in running))
    cluster.service("alice", "start", HOLDER)
    rest = [_settings(each) + _inside(each, PREPARATIONS[each.prepared]) for each in mine]
    root(cluster, "".join(rest))


def clean(cluster: Cluster, cases: Sequence[Case]) -> None:
    """Take it all away again."""
    names = [*(each.service for each in cases if each.user == "alice"), HOLDER]
    jobs = ",".join(f"{name}-service" for name in names)
    root(cluster, AWAY + f"scancel -u alice -n {jobs}\n")
    cluster.service("alice", "purge", "--yes", "--no-archive", *names, check=False)


def root(cluster: Cluster, script: str) -> None:
    """Run a script of root's on the login host."""
    cluster.run(CTL, ["bash", "-s"], stdin=script)


def _files(case: Case, settings: str) -> str:
    """The script that writes executable and settings of a case."""
    line = case.line and f'if [ "$1" != main ]; then\n{case.line}\nfi\n'
    text = SLEEPER.replace("#!/bin/sh\n", "#!/bin/sh\n" + line)
    listens = settings or 'port = "none"'
    return _inside(case, f"{_put('$S', text)} chmod 755 $S; {_put('$S.toml', listens)}")


def _settings(case: Case) -> str:
    return _inside(case, _put("$S.toml", case.settings)) if case.settings is not None else ""


def _holder() -> str:
    text = f"{_put(HOLDER, SLEEPER)} {_put(HOLDER + '.toml', 'port = 31999')}"
    mine = f"chmod 755 {HOLDER}; chown alice: {HOLDER}*"
    return f"( cd ~alice/.sbatch-service\n{text}\n{mine}\n)\n"


def _inside(case: Case, script: str) -> str:
    owned = "for file in $S $S.toml; do [ ! -O $file ] || chown -h $U: $file; done"
    return (
        f"( cd ~{case.user}/.sbatch-service; U={case.user} S={case.service}\n{script}\n{owned}\n)\n"
    )


def _put(path: str, text: str) -> str:
    return f"printf %s {shlex.quote(text)} >{path};"
