"""Random sequences of actions and faults on real services, each step compared with the model."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from model import services
from model.account import OTHERS, SECONDS, SETTINGS, own_files, script
from model.files import archived, is_kept, is_of
from model.host import MESSAGE_SECONDS, Ended, Host, call, disturbing, undisturbed, wait_for
from model.services import SILENT, Service
from model.tracer import CALLS, killed_at

_STATES = {"PENDING": "pending", "CONFIGURING": "pending", "RUNNING": "running"}

ONE = st.sampled_from(["a", "b"])
SOME_OR_ALL = st.sampled_from([["a"], ["b"], ["a", "b"], []])
SOME = st.sampled_from([["a"], ["b"], ["a", "b"]])
ACTION = st.sampled_from(services.ACTIONS)


class Machine(RuleBasedStateMachine):
    """Two services of one account."""

    host: Host
    sequences = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).sequences += 1
        self.now: dict[str, Service] = {"a": Service(), "b": Service()}
        self.steps: list[object] = []

    def teardown(self) -> None:
        with undisturbed():
            self.host.wipe()

    # What is done

    @initialize()
    def begin(self) -> None:
        with undisturbed():
            self.host.write(OTHERS)
            for name in self.now:
                self._write(name, 0)

    @rule(name=ONE, variant=st.integers(1, 9))
    def edit(self, name: str, variant: int) -> None:
        with undisturbed():
            self._write(name, variant)

    def _write(self, name: str, variant: int) -> None:
        text = script(name, variant)
        path = f".sbatch-service/{name}"
        self.host.write({path: text, f"{path}.toml": SETTINGS[name]})
        self.now[name] = self.now[name]._replace(script=text, settings=SETTINGS[name])
        self.steps.append(("edit", name, variant))

    # Each action is a rule, so that faults, which take longer, are the lesser part.

    @rule(names=SOME)
    def init(self, names: list[str]) -> None:
        self.act("init", names)

    @rule(names=SOME)
    def deploy(self, names: list[str]) -> None:
        self.act("deploy", names)

    @rule(names=SOME_OR_ALL)
    def start(self, names: list[str]) -> None:
        self.act("start", names)

    @rule(names=SOME_OR_ALL)
    def stop(self, names: list[str]) -> None:
        self.act("stop", names)

    @rule(names=SOME_OR_ALL)
    def restart(self, names: list[str]) -> None:
        self.act("restart", names)

    @rule(names=SOME_OR_ALL)
    def reload(self, names: list[str]) -> None:
        self.act("reload", names)

    @rule(names=SOME_OR_ALL)
    def purge(self, names: list[str]) -> None:
        self.act("purge", names)

    @rule(action=st.sampled_from(["start", "restart", "deploy", "reload"]))
    def act_and_wait(self, action: str) -> None:
        self.act(action, ["b"], "--wait")

    def act(self, action: str, names: list[str], *options: str) -> None:
        """Do an action and compare what it did."""
        with undisturbed():
            before = self.host.tree() if action == "purge" else {}
            code, after = services.act_on(action, names, self.now)
            ended = self.run([*call(action, names), *options])
            self.check(ended.code == code, f"exit code {code}", ended)
            if action == "purge":
                self._check_purged(before, names or list(self.now), is_whole=True)
            self.now = after

    @rule(calls=st.tuples(*[st.tuples(ACTION, SOME)] * 2))
    def act_at_once(self, calls: tuple[tuple[str, list[str]], ...]) -> None:
        """Two calls, which leave what one after the other would leave, in one of both orders."""
        with undisturbed():
            ended = self.run_all([{"argv": call(*each)} for each in calls])
            seen = self._state()
            possible = []
            for first, second in ((0, 1), (1, 0)):
                one, between = services.act_on(*calls[first], self.now)
                two, after = services.act_on(*calls[second], between)
                codes = (one, two) if first == 0 else (two, one)
                possible.append((codes, after))
            exit_codes = tuple(each.code for each in ended)
            fits = [
                after
                for wanted, after in possible
                if wanted == exit_codes
                and seen
                == {name: (each.is_live, bool(each.script)) for name, each in after.items()}
            ]
            self.check(bool(fits), f"one of {possible}", (ended, seen))
            self.now = fits[0]

    def _state(self) -> dict[str, tuple[bool, bool]]:
        jobs, files = self.host.jobs(), self.host.tree()
        return {name: (name in jobs, f".sbatch-service/{name}" in files) for name in self.now}

    # Faults

    @rule(action=ACTION, names=SOME, after=st.floats(0, 0.4))
    def kill_after(self, action: str, names: list[str], after: float) -> None:
        with undisturbed():
            self._crash(action, names, [{"argv": call(action, names), "kill_after": after}])

    @rule(action=ACTION, names=SOME, at=st.sampled_from(CALLS), number=st.integers(1, 6))
    def kill_at_a_system_call(self, action: str, names: list[str], at: str, number: int) -> None:
        with undisturbed():
            argv = killed_at(at, number, call(action, names))
            self._crash(action, names, [{"argv": argv, "killed_at": (at, number)}])

    @rule(action=ACTION, names=SOME, delay=st.none() | st.floats(0, 0.2))
    def disturb_slurmctld(self, action: str, names: list[str], delay: float | None) -> None:
        """Restart it during a call, or have a call made while it is not there."""
        with disturbing():
            if delay is None:
                self._act_without_slurmctld(action, names)
            else:
                disturbance = self.host.slurmctld("restart", delay)
                self._crash(action, names, [{"argv": call(action, names)}, disturbance])

    def _act_without_slurmctld(self, action: str, names: list[str]) -> None:
        self.run_all([self.host.slurmctld("stop")])
        try:
            ended = self.run(call(action, names))
        finally:
            self.run_all([self.host.slurmctld("start")])
            self.host.wait_for_slurmctld()
        self.check(ended.code == SILENT, "exit code 4", ended)

    def _crash(self, action: str, names: list[str], calls: list[dict[str, Any]]) -> None:
        """Disturb a call; the same call then finishes the work."""
        before = self.host.tree() if action == "purge" else {}
        self.run_all(calls)
        self._check_own_files(may_be_purged=names if action == "purge" else [])
        code, self.now = services.act_on(action, names, self.now)
        end = time.monotonic() + 2 * MESSAGE_SECONDS + 5
        # Where nobody knows whether it was submitted, the state stays unknown for a while.
        while (ended := self.run(call(action, names))).code == SILENT and time.monotonic() < end:
            time.sleep(0.2)
        self.check(ended.code == code, f"exit code {code}", ended)
        if action == "purge":
            self._check_purged(before, names, is_whole=False)

    @rule(name=ONE)
    def kill_main_process(self, name: str) -> None:
        with undisturbed():
            argv = ("pkill", "-KILL", "-u", self.host.user, "-x", "-f", f"sleep {SECONDS[name]}")
            if self.run(argv).code == 0:
                self.now = services.killed(name, self.now, is_restarted=name == "b")
                self._wait_for_end(name)

    @rule(name=ONE)
    def cancel(self, name: str) -> None:
        with undisturbed():
            self.run(("scancel", "-u", self.host.user, "-n", f"{name}-service"))
            self.now = services.killed(name, self.now, is_restarted=False)
            self._wait_for_end(name)

    def _wait_for_end(self, name: str) -> None:
        if not self.now[name].is_live:
            wait_for(lambda: name not in self.host.jobs(), 20)

    # What is seen

    @invariant()
    def all_is_as_the_model_has_it(self) -> None:
        with undisturbed():
            # A job may begin or end between two looks; then they are looked at again.
            for _ in range(20):
                jobs = self.host.jobs()
                ended = self.run(["sbatch-service", "status", "--json", *self.now])
                if self.host.jobs() == jobs:
                    break
            self._check_jobs(jobs)
            self._check_status(ended, jobs)
            self._check_own_files()

    def _check_jobs(self, jobs: dict[str, list[str]]) -> None:
        live = {name for name, each in self.now.items() if each.is_live}
        self.check(all(len(each) == 1 for each in jobs.values()), "one job a service", jobs)
        self.check(set(jobs) == live, f"jobs of {live or 'none'}", jobs)

    def _check_status(self, ended: Ended, jobs: dict[str, list[str]]) -> None:
        for each in json.loads(ended.out)["results"]:
            states = [_STATES.get(state, "stopping") for state in jobs.get(each["service"], [])]
            self.check(each["state"] == (states or ["stopped"])[0], f"a state of {jobs}", each)
            is_up = each["state"] == "running" and each["phase"] != "restarting"
            self.check(each["exit_code"] == (0 if is_up else 3), "its exit code", each)

    def _check_own_files(self, may_be_purged: Sequence[str] = ()) -> None:
        files = self.host.tree()
        self.check(OTHERS.items() <= files.items(), "the account's other files", files)
        for name, each in self.now.items():
            for path, text in own_files(name, each).items():
                found = files.get(path)
                if name in may_be_purged and found is None:
                    self.check(text in archived(files, path), f"{path} in an archive", files)
                else:
                    self.check(found == text, f"{path} as it was", files)
            if each.is_set_up and not may_be_purged:
                generic = {f".sbatch-service/.state/{name}.json", f".logrotate.d/{name}-service"}
                self.check(generic <= set(files), f"the generic files of {name}", files)

    def _check_purged(
        self, before: dict[str, str], names: Sequence[str], *, is_whole: bool
    ) -> None:
        files = self.host.tree()
        for name in names:
            left = [path for path in files if is_of(name, path)]
            self.check(not left, f"nothing of {name}", left)
            for path in [path for path in before if is_of(name, path) and is_kept(path)]:
                texts = archived(files, path)
                self.check(bool(texts), f"{path} in an archive", files)
                if is_whole and path in own_files(name, self.now[name]):
                    self.check(before[path] in texts, f"{path} as it was", files)
        self.check(not [each for each in files if each.endswith(".partial")], "no partial", files)
        if not any(self.now[name].script for name in self.now if name not in names):
            central = [path for path in files if path.startswith(".sbatch-service/")]
            self.check(not central, "no central files", central)

    # Telling what happened

    def run(self, argv: Sequence[str]) -> Ended:
        return self.run_all([{"argv": argv}])[0]

    def run_all(self, calls: Sequence[dict[str, Any]]) -> list[Ended]:
        ended = self.host.run_all(calls)
        for each, end in zip(calls, ended, strict=True):
            how = {key: value for key, value in each.items() if key != "argv"}
            self.steps.append((" ".join(each["argv"][-5:]), how, end.code, end.err[-300:]))
        return ended

    def check(self, good: bool, wanted: str, found: object) -> None:
        """Fail with everything that was done, since no second run is quite the same."""
        if not good:
            steps = "\n".join(f"  {each}" for each in self.steps)
            raise AssertionError(f"wanted: {wanted}\nfound: {found}\nafter:\n{steps}")
