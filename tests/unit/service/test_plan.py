"""What each action does, by what is there."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service.errors import NotRunningError, ServiceError, UnknownError
from sciportal.service.job import State
from sciportal.service.plan import PERMISSION, SETTING_UP, STARTING, Action, Present, Step, plan

LIVE = (State.PENDING, State.RUNNING, State.STOPPING)
MISSING = (Step("link", "x to y"), Step("write", "rotation"))
FILES = (".sbatch-service/web", ".sbatch-service/log/web.log")


def present(state: State, *, set_up=True, of_type=False, missing=(), removable=FILES) -> Present:
    return Present(
        service="web",
        state=state,
        why_unknown="no answer in time" if state is State.UNKNOWN else "",
        jobs=(7,) if state in LIVE else (),
        set_up=set_up,
        type_path="/etc/sbatch-service/web" if of_type else "",
        missing=missing,
        removable=removable,
    )


presents = st.builds(
    present,
    st.sampled_from(list(State)),
    set_up=st.booleans(),
    of_type=st.booleans(),
    missing=st.sampled_from([(), MISSING[:1], MISSING]),
    removable=st.sampled_from([(), FILES[:1], FILES]),
)
actions = st.sampled_from(list(Action))


def steps_or_none(action: Action, now: Present, *, archive: bool = True) -> list[Step] | None:
    try:
        return plan(action, now, archive=archive)
    except ServiceError:
        return None


def afterwards(action: Action, now: Present, steps: list[Step]) -> Present:
    """What is there once the steps are done."""
    for step in steps:
        if step.step == "stop":
            now = now._replace(state=State.STOPPED, jobs=())
        elif step in now.missing:
            now = now._replace(missing=tuple(each for each in now.missing if each != step))
        elif step == Step("stage", "init"):
            now = now._replace(set_up=True)
        elif step.step == "submit":
            now = now._replace(state=State.RUNNING, jobs=(8,))
        elif step.step == "remove":
            left = tuple(each for each in now.removable if each != step.detail)
            now = now._replace(removable=left)
    return now


INIT = ["stage init"]
BEGIN = ["stage start", "submit web-service"]
STOP = ["stop job 7"]
PURGE = ["archive web", *(f"remove {each}" for each in FILES)]
NOT_RUNNING = NotRunningError
TABLE = {
    Action.INIT: {State.STOPPED: INIT, **dict.fromkeys(LIVE, STOP + INIT)},
    Action.DEPLOY: {State.STOPPED: INIT + BEGIN, **dict.fromkeys(LIVE, STOP + INIT + BEGIN)},
    Action.START: {
        State.STOPPED: BEGIN,
        State.PENDING: [],
        State.RUNNING: [],
        State.STOPPING: STOP + BEGIN,
    },
    Action.STOP: {State.STOPPED: [], **dict.fromkeys(LIVE, STOP)},
    Action.RESTART: {State.STOPPED: BEGIN, **dict.fromkeys(LIVE, STOP + BEGIN)},
    Action.RELOAD: {
        State.STOPPED: NOT_RUNNING,
        State.PENDING: [],
        State.RUNNING: ["reload job 7"],
        State.STOPPING: NOT_RUNNING,
    },
    Action.STATUS: {state: [] for state in (State.STOPPED, *LIVE)},
    Action.PURGE: {State.STOPPED: PURGE, **dict.fromkeys(LIVE, STOP + PURGE)},
}


@pytest.mark.parametrize(
    ("action", "state"),
    list(itertools.product(Action, (State.STOPPED, *LIVE))),
    ids=lambda v: v.value,
)
def test_steps_of_each_action_in_each_known_state(action, state):
    expected = TABLE[action][state]
    if expected is NOT_RUNNING:
        with pytest.raises(NotRunningError, match="it is not running"):
            plan(action, present(state))
    else:
        said = [f"{step.step} {step.detail}" for step in plan(action, present(state))]
        assert said == expected


@pytest.mark.parametrize("action", [each for each in Action if each is not Action.STATUS])
def test_nothing_is_done_in_an_unknown_state(action):
    with pytest.raises(UnknownError, match="no answer in time") as raised:
        plan(action, present(State.UNKNOWN))
    assert raised.value.exit_code == 4


@given(actions, presents, st.booleans())
def test_unknown_state_is_found_before_any_other_mistake(action, now, archive):
    if now.state is State.UNKNOWN and action is not Action.STATUS:
        with pytest.raises(UnknownError):
            plan(action, now, archive=archive)


@given(presents)
def test_status_never_does_anything(now):
    assert plan(Action.STATUS, now) == []


@given(actions, presents)
def test_nothing_is_submitted_while_a_job_lives(action, now):
    kinds = [step.step for step in steps_or_none(action, now) or []]
    if "submit" in kinds and now.state is not State.STOPPED:
        assert kinds[0] == "stop"


@given(actions, presents)
def test_stopping_comes_first_and_only_for_jobs_that_are_there(action, now):
    steps = steps_or_none(action, now) or []
    places = [place for place, step in enumerate(steps) if step.step == "stop"]
    assert places in ([], [0])
    if places:
        assert now.jobs
        assert steps[0].detail == "job 7"


@given(actions, presents)
def test_a_submission_is_the_last_step_and_its_stage_the_one_before(action, now):
    steps = steps_or_none(action, now) or []
    submits = [step for step in steps if step.step == "submit"]
    if submits:
        assert action in STARTING
        assert steps[-2:] == [Step("stage", "start"), Step("submit", "web-service")]
        assert len(submits) == 1


@given(actions, presents)
def test_stage_init_belongs_to_set_up_and_follows_the_generic_files(action, now):
    steps = steps_or_none(action, now) or []
    init = Step("stage", "init")
    assert (init in steps) == (action in SETTING_UP and bool(steps))
    if init in steps:
        before = steps[: steps.index(init)]
        assert [step for step in before if step.step != "stop"] == list(now.missing)


@given(actions, presents)
def test_doing_the_same_again_makes_and_removes_no_file_twice(action, now):
    steps = steps_or_none(action, now)
    if steps is None:
        return
    again = plan(action, afterwards(action, now, steps)) if action is not Action.RELOAD else []
    assert not [step for step in again if step.step in ("link", "write", "archive", "remove")]
    if action in (Action.START, Action.STOP, Action.PURGE):
        assert again == []


@given(presents, st.booleans())
def test_purge_removes_exactly_the_removable_files(now, archive):
    steps = steps_or_none(Action.PURGE, now, archive=archive)
    if now.state is State.UNKNOWN:
        assert steps is None
        return
    assert [step.detail for step in steps if step.step == "remove"] == list(now.removable)
    assert {step.step for step in steps} <= {"stop", "archive", "remove"}


@given(presents, st.booleans())
def test_an_archive_is_made_before_the_first_removal_if_wanted(now, archive):
    kinds = [step.step for step in steps_or_none(Action.PURGE, now, archive=archive) or []]
    if "remove" in kinds:
        assert ("archive" in kinds) == archive
        assert not archive or kinds.index("archive") < kinds.index("remove")
    else:
        assert "archive" not in kinds


@pytest.mark.parametrize("action", sorted(PERMISSION, key=str))
def test_a_name_without_executable_and_type_is_refused_with_where_to_write_it(action):
    with pytest.raises(ServiceError, match="write the executable ~/") as raised:
        plan(action, present(State.STOPPED, set_up=False))
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("action", [Action.START, Action.RESTART])
def test_a_type_that_was_never_set_up_is_not_started(action):
    with pytest.raises(ServiceError, match="first: sbatch-service init web"):
        plan(action, present(State.STOPPED, set_up=False, of_type=True))


@pytest.mark.parametrize("action", sorted(SETTING_UP, key=str))
def test_a_type_is_set_up_by_its_first_init_or_deploy(action):
    now = present(State.STOPPED, set_up=False, of_type=True, missing=MISSING)
    assert plan(action, now)[: len(MISSING)] == list(MISSING)


@pytest.mark.parametrize("action", [Action.STOP, Action.PURGE, Action.RELOAD])
def test_what_runs_can_be_stopped_reloaded_and_purged_without_its_executable(action):
    assert plan(action, present(State.RUNNING, set_up=False))


def test_a_stop_names_every_job():
    now = present(State.RUNNING)._replace(jobs=(7, 9))
    assert plan(Action.STOP, now) == [Step("stop", "job 7, 9")]
