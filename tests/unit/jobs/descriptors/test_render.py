"""A value is one word of the script, whatever it holds."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciportal.jobs.descriptors import document, render
from sciportal.jobs.descriptors.document import Descriptor, Parameter
from sciportal.service.errors import UsageError

NASTY = "a'b\"c$(touch /tmp/never)`id`\\\n;&|<>*?[]{}~#!\t$x ${y} 'é'"
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


def application(script: str) -> Descriptor:
    """An application with a text, a number and a truth."""
    descriptor = document.parse("{name: a, title: A, script: x}", "a")
    kinds = {"x": "string", "n": "integer", "t": "boolean"}
    given = tuple(Parameter(name=name, kind=kind, title=name) for name, kind in kinds.items())
    return replace(descriptor, parameters=given, script=script)


def run(script: str, shell: str = "sh") -> list[str]:
    """What the words are that a script prints, one each."""
    done = subprocess.run([shell, "-c", script], capture_output=True, check=True, timeout=20)
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("printf '%s\\0' {{ x }}", [NASTY]),
        ("printf '%s\\0' --option={{ x }}.txt", [f"--option={NASTY}.txt"]),
        ("printf '%s\\0' {{ x }}{{ x }}", [NASTY * 2]),
        ("printf '%s\\0' \"$(printf %s {{ x }})\"", [NASTY]),
        ("printf '%s\\0' {{ [x, n, t] }}", [NASTY, "-3", "true"]),
        ("printf '%s\\0' {{ 'x: ' ~ x }}", [f"x: {NASTY}"]),
        ("v={{ x }}; printf '%s\\0' \"$v\"", [NASTY]),
        ("{% set y = x %}printf '%s\\0' {{ y }} # it's said", [NASTY]),
        ("printf '%s\\0' \"{{ n | number }} \"'{{ n|number }}'", ["-3 -3"]),
        (
            "cat <<EOF\n{{ n | number }}\\0it's\nEOF\nprintf '%s\\0' {{ x }}",
            [f"-3\\0it's\n{NASTY}"],
        ),
        ("case {{ x }} in (a) ;; b) ;; *) printf '%s\\0' {{ x }} ;; esac", [NASTY]),
        (
            "{% for i in range(2) %}printf '%s\\0' {{ x | upper }}\n{% endfor %}",
            [NASTY.upper()] * 2,
        ),
    ],
)
def test_a_value_is_one_word(script: str, words: list[str], shell: str) -> None:
    descriptor = application(script)
    render.check(descriptor)
    made = render.render(descriptor, {"x": NASTY, "n": -3, "t": True})
    assert run(made, shell) == words


@settings(deadline=None)
@given(TEXTS)
def test_any_text_is_one_word(text: str) -> None:
    made = render.render(application("printf '%s\\0' -- {{ x }}"), {"x": text, "n": 1, "t": False})
    assert run(made) == ["--", text]


@pytest.mark.parametrize(
    "script",
    [
        'echo "{{ x }}"',
        "echo '{{ x }}'",
        "echo '{{ n }}'",
        "# {{ x }}\necho",
        "cat <<EOF\n{{ x }}\nEOF\n",
        "cat <<-'EOF'\n\t{{ x }}\n\tEOF\n",
        "cat <<A <<B\nA\n{{ x }}\nB\n",
        "cat <<{{ n | number }}\n",
        "echo `echo {{ x }}`",
        "echo $(( {{ x }} ))",
        "echo $(( (1) + {{ x }} ))",
        'echo "${y:-{{ x }}}"',
        'echo "$(echo "{{ x }}")"',
        'echo "$(case $y in a) echo "{{ x }}" ;; esac)"',
        "echo $'it\\'s' y='{{ x }}'",
        'echo "${y#\'"\'}" {{ x }}',
        "echo \\{{ x }}",
        "echo ${{ x }}",
        "echo \\{% if t %}{{ x }}{% endif %}",
        'echo "{% if t %}a{% endif %}"',
        'echo {% if t %}"{% endif %} {{ x }}',
        "echo {{ x ",
        "echo 'unfinished",
        "cat <<EOF\nunfinished",
        "echo {{ nobody }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% macro m() %}{{ x }}{% endmacro %}{{ m() }}",
        "{% filter replace(\"'\", '') %}{{ x }}{% endfilter %}",
        "{% set y %}{{ x }}{% endset %}",
        "echo {{ x | safer }}",
    ],
)
def test_where_quoting_cannot_protect_no_value_may_stand(script: str) -> None:
    with pytest.raises(UsageError, match="script: "):
        render.check(application(script))


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("{{ x | number }}", "is no number"),
        ("{{ t | number }}", "is no number"),
        ("{{ x.__class__ }}", "unsafe"),
        ("{{ ().__class__.__base__.__subclasses__() }}", "unsafe"),
        ("{{ '%s'.__mod__ }}", "unsafe"),
        ("{{ {'a': x} }}", "dict is no word"),
        ("{{ x.nothing }}", "no attribute"),
        ("{{ range(1000000) | list }}", "Range too big"),
        ("{{ x | wordcount / 0 }}", "division by zero|unsupported"),
        (
            "{% for i in range(9999) %}{{ x }}{% for j in range(99) %}+{% endfor %}{% endfor %}",
            "longer",
        ),
    ],
)
def test_what_a_template_cannot_do_is_said(script: str, found: str) -> None:
    descriptor = application(script)
    with pytest.raises(UsageError, match=found):
        render.render(descriptor, {"x": "text", "n": 1, "t": True})


def test_the_shipped_words_come_out(greeting: Descriptor) -> None:
    values: dict[str, Any] = {
        "whom": "bob; id",
        "times": 2,
        "pause": 0.5,
        "style": "soft",
        "notes": "",
        "polite": True,
    }
    script = render.render(greeting, values, ["a b.dat"])
    assert script.count("echo hello 'bob; id'\n") == 2
    assert 'echo "2 times, 0.5"\n' in script
    assert "printf '%s\\n' '' 'a b.dat' --style=soft >out.txt\n" in script
