"""What stage `start` may print: options of sbatch."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sciportal.service import stages
from sciportal.service.errors import ServiceError
from unit.service import sbatch_options
from unit.service.refusals import refused

MANDATORY = {"job-name", "output", "error", "open-mode", "export", "comment", "chdir", "parsable"}
FORBIDDEN = {"array", "wait", "wrap", "test-only", "uid", "help", "usage", "version"}
OURS = ["-J", "web-service", "-o", "log", "-e", "log", "--open-mode=append", "--export=ALL"]
OURS += ["--comment=sbatch-service/1", "--chdir=/home/alice"]

_TYPED = """
    - -- --mem --mem=1G 1G -t 5 -J x -Jx -Hx -HW -ox --requeue --exclusive --exclusive=user --nice=5
    --wrap --wra --wr=ls --ar=1-9 -a1 -sa1-2 --ui=0 --he --he=1 -k -vvV -p other --job-name=x
    --job-name --jo --out=x --open=truncate --expo=NONE --com=x --chd=/ -D/ --gres=gpu:1 evil.sh
    -W --wait --wait-all-nodes=1 --hold -O -N1-2 --signal=USR1
"""
# What people write, and the ways of getopt to say it differently.
pieces = st.one_of(
    st.sampled_from(["", *_TYPED.split()]),
    st.sampled_from(sbatch_options.LONG).flatmap(
        lambda name: st.sampled_from(
            [f"--{name[:size]}{value}" for size in range(2, len(name) + 1) for value in ("", "=1")]
        )
    ),
    st.text(max_size=6),
)


def test_options_are_read_with_shell_quoting_in_their_order():
    said = "#SBATCH --mem=1G -t 5\n#SBATCH\n#SBATCH --gres='gpu:1' -A \"my account\"\n"
    advice = stages.start_options(said)
    assert advice.overridden == ()
    assert sbatch_options.read(list(advice.options)) == (
        [("mem", "1G"), ("time", "5"), ("gres", "gpu:1"), ("account", "my account")],
        [],
    )


def test_a_stage_that_says_nothing_gives_no_options():
    assert stages.start_options("") == stages.Advice((), ())


def test_a_tab_separates_as_well_as_a_space():
    assert sbatch_options.read(list(stages.start_options("#SBATCH\t--mem=1G").options)) == (
        [("mem", "1G")],
        [],
    )


@pytest.mark.parametrize("line", ["hello", "", " #SBATCH -t 5", "#SBATCHES", "# SBATCH", "#sbatch"])
def test_any_other_line_is_refused_and_shown(line):
    said = refused(stages.start_options, f"#SBATCH -t 5\n{line}\n")
    assert "stage start" in said
    assert repr(line) in said


def test_a_long_wrong_line_is_shown_in_part():
    assert len(refused(stages.start_options, "x" * 100_000)) < 400


def test_open_quotes_are_refused_with_the_reason():
    assert "quot" in refused(stages.start_options, "#SBATCH --mem='1G")


def test_a_nul_is_refused():
    assert "#SBATCH" in refused(stages.start_options, "#SBATCH --mem=1\0G")


@pytest.mark.parametrize(
    "words",
    [
        ["-J", "mine"],
        ["-Jmine"],
        ["--job-name", "mine"],
        ["--job-name=mine"],
        ["--job=mine"],
        ["--jo=mine"],
        ["-ofile"],
        ["-e", "file"],
        ["--outp=file"],
        ["--error=file"],
        ["--open-mode=truncate"],
        ["--export=NONE"],
        ["--export-file=f"],
        ["--comment=sbatch-service/1 http 1 public"],
        ["--chdir=/tmp"],
        ["-D", "/tmp"],
        ["-HJmine"],
    ],
    ids=" ".join,
)
def test_a_mandatory_option_is_told_and_loses(words):
    advice = stages.screen(list(words), "sbatch", "stage start")
    assert len(advice.overridden) == 1
    assert advice.overridden[0].startswith(words[0][:2])
    found, positional = sbatch_options.read([*advice.options, *OURS])
    assert positional == []
    assert set(sbatch_options.read(OURS)[0]) <= set(dict(found).items())


@pytest.mark.parametrize(
    "words",
    [
        *(["--array=1-9"], ["-a", "1-9"], ["-a1-9"], ["--arr=1-9"], ["--ar=1-9"], ["-sa1-9"]),
        *(["--wrap=ls"], ["--wr=ls"], ["--wrap", "ls"], ["-W"], ["--wait"], ["-HW"]),
        *(["--test-only"], ["--uid=0"], ["--ui=0"], ["--help"], ["--he"], ["-h"], ["-V"]),
    ],
    ids=" ".join,
)
def test_an_option_that_keeps_sbatch_from_its_work_is_refused(words):
    said = refused(stages.screen, words, "sbatch", "stage start")
    assert words[0] in said
    assert "remove it" in said


@pytest.mark.parametrize(
    "words",
    [
        ["evil.sh"],
        ["--requeue", "evil.sh"],
        ["-H", "evil.sh"],
        ["--mem=1G", "evil.sh"],
        ["--mem", "1G", "evil.sh"],
        ["--mem", "-J", "evil.sh"],
        ["-t5", "evil.sh"],
        ["--exclusive", "evil.sh"],
        ["--", "evil.sh"],
        ["--"],
        ["-"],
        [""],
        ["--mem=1G", ""],
    ],
    ids=" ".join,
)
def test_a_word_that_sbatch_would_take_for_the_script_is_refused(words):
    assert "stage start" in refused(stages.screen, words, "sbatch", "stage start")


@pytest.mark.parametrize("words", [["--mem"], ["-t"], ["-HA"], ["--requeue", "--mem"]])
def test_an_option_without_its_value_does_not_swallow_the_next_one(words):
    assert words[-1] in refused(stages.screen, words, "sbatch", "stage start")


@pytest.mark.parametrize(
    "words",
    [
        ["--mem", "1G"],
        ["-A", "-odd-account"],
        ["--requeue", "-N1", "--exclusive=user", "--nice=5"],
        ["--wait-all-nodes=1"],
        ["-p", "other"],
        ["--comment-free"],
    ][:5],
    ids=" ".join,
)
def test_ordinary_options_pass_without_remark(words):
    advice = stages.screen(list(words), "sbatch", "stage start")
    assert advice.overridden == ()
    assert sbatch_options.read(list(advice.options)) == sbatch_options.read(words)


@given(st.lists(pieces, max_size=5))
@example(["--mem", "--", "x"])
@example(["-A", "-J", "x"])
def test_whatever_passes_leaves_ours_in_force_as_sbatch_reads_it(words):
    try:
        advice = stages.screen(list(words), "sbatch", "stage start")
    except ServiceError:
        return
    try:
        found, positional = sbatch_options.read([*advice.options, *OURS])
        own, _ = sbatch_options.read(list(advice.options))
    except sbatch_options.RefusedError:
        return
    assert positional == []
    last = dict(found)
    for name, value in sbatch_options.read(OURS)[0]:
        assert last[name] == value
    names = {name for name, _ in own}
    assert not names & FORBIDDEN
    assert bool(advice.overridden) or not names & MANDATORY


@given(st.one_of(st.text(), st.text().map(lambda text: f"#SBATCH {text}")))
@example("#SBATCH " + "-" * 3)
@example("\ud800")
def test_whatever_a_start_stage_prints_is_options_or_one_clear_refusal(said):
    with contextlib.suppress(ServiceError):
        advice = stages.start_options(said)
        assert all("\0" not in word for word in advice.options)


@given(st.lists(st.text(min_size=1, max_size=20).map(lambda text: f"--gres={text}"), max_size=4))
def test_every_value_survives_the_quoting_of_the_shell(words):
    import shlex

    line = "#SBATCH " + shlex.join(words)
    if len(line.splitlines()) == 1 and "\0" not in line:
        found, _ = sbatch_options.read(list(stages.start_options(line).options))
        assert [f"--{name}={value}" for name, value in found] == words
