"""The states of a job: what a model of all its events allows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sciportal.jobs import states
from sciportal.jobs.states import Cause, Event, State

EVENTS = st.builds(
    Event,
    st.sampled_from(Cause),
    st.one_of(st.none(), st.integers(0, 255)),
    st.text(max_size=5),
    st.booleans(),
)


@settings(deadline=None)
@given(st.sampled_from(State), EVENTS, st.booleans(), st.booleans())
def test_what_ended_stays_as_it_is(state: State, event: Event, sent: bool, started: bool) -> None:
    after = states.after(state, event, sent=sent, started=started)
    if state.final:
        assert after is None
    elif after is State.COMPLETE:
        assert (event.cause, event.exit_code) == (Cause.FINISHED, 0)
    elif after is State.ERROR:
        assert event.cause in (Cause.LOST, Cause.REFUSED, Cause.FINISHED)
    elif after is State.PENDING:
        assert event.cause in (Cause.SENT, Cause.REQUEUED)


@settings(deadline=None)
@given(EVENTS, st.sampled_from([None, State.CANCEL, State.DELETE]))
def test_who_wanted_the_end_gets_it(event: Event, wanted: State | None) -> None:
    meant = states.meant(event, wanted)
    after = states.after(State.ACTIVE, meant, sent=True, started=True)
    if wanted is None:
        assert meant is event
    elif after is not None and after.final:
        assert after in (wanted, State.COMPLETE) or event.cause in (Cause.CANCELLED, Cause.DELETED)


class Life(RuleBasedStateMachine):
    """A job through any events, beside what may be said of it."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State.PENDING
        self.sent = self.started = self.ran_twice = False
        self.ends: list[State] = []

    @rule(event=EVENTS)
    def happens(self, event: Event) -> None:
        """Something happens, whenever it likes."""
        after = states.after(self.state, event, sent=self.sent, started=self.started)
        if after is None:
            return
        if after.final:
            self.ends.append(after)
        elif event.cause is Cause.REQUEUED:
            self.ran_twice |= self.started and not event.node_died
            self.sent = self.started = False
        else:
            self.sent = True
            self.started |= event.cause is Cause.STARTED
        self.state = after

    @rule()
    @precondition(lambda self: not self.state.final)
    def can_always_end(self) -> None:
        """Nothing keeps an open job from its end."""
        for event in (states.lost("x"), states.CANCELLED, states.DELETED, states.finished(1)):
            after = states.after(self.state, event, sent=self.sent, started=self.started)
            assert after is not None
            assert after.final

    @invariant()
    def one_end_and_no_second_run(self) -> None:
        """It ends once, and runs again only where its node died."""
        assert len(self.ends) == int(self.state.final)
        assert not self.ran_twice
        assert self.state is not State.ACTIVE or self.sent


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
