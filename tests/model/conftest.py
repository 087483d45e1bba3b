"""How many sequences are tried: profile `model` in continuous integration, `soak` by hand."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

_COMMON = settings(
    stateful_step_count=8,
    deadline=None,
    database=None,
    # Real jobs: a sequence is not the same twice, so there is nothing to be shrunk.
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
    report_multiple_bugs=False,
)
settings.register_profile("model", _COMMON, max_examples=27, derandomize=True)
settings.register_profile("soak", _COMMON, max_examples=10)
