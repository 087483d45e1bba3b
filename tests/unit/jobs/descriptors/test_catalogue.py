"""Descriptions in files, good ones and others."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from sciportal.jobs.descriptors import document, render
from sciportal.jobs.descriptors.catalogue import Catalogue
from sciportal.service.errors import UsageError

GOOD = "name: good\ntitle: Good\nscript: echo\n"


def test_a_mistake_stops_one_application(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "good.yml").write_text(GOOD)
    (tmp_path / "bad.yml").write_text("name: bad\ntitle: [\n")
    (tmp_path / "binary.yml").write_bytes(b"\xff\xfe")
    (tmp_path / "gone.yml").symlink_to("nowhere")
    (tmp_path / "README").write_text("nothing")
    catalogue = Catalogue([tmp_path, tmp_path / "missing"])
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert list(catalogue.applications()) == ["good"]
    named = {mistake.path.name for mistake in catalogue.mistakes()}
    assert named == {"bad.yml", "binary.yml", "gone.yml", "missing"}
    assert len(caplog.records) == 4
    with pytest.raises(UsageError, match="there is no 'bad'"):
        catalogue.get("bad")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "good.yml"
    path.write_text(GOOD)
    catalogue = Catalogue([tmp_path])
    assert catalogue.get("good") is catalogue.get("good")
    path.write_text(GOOD.replace("Good", "Better"))
    assert catalogue.get("good").title == "Better"
    path.write_text("nothing: good")
    assert not catalogue.applications()
    path.unlink()
    assert not catalogue.mistakes()
    (tmp_path / "new.yml").write_text(GOOD.replace("good", "new"))
    assert catalogue.get("new").name == "new"


def test_of_two_with_one_name_the_first_counts(tmp_path: Path) -> None:
    for place, title in (("first", "Ours"), ("second", "Shipped")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "good.yml").write_text(GOOD.replace("Good", title))
    catalogue = Catalogue([tmp_path / "first", tmp_path / "second"])
    assert catalogue.get("good").title == "Ours"
    assert [mistake.path.parent.name for mistake in catalogue.mistakes()] == ["second"]


def test_a_description_may_not_fill_memory(tmp_path: Path) -> None:
    path = tmp_path / "good.yml"
    path.write_text(GOOD)
    os.truncate(path, 1 << 21)
    catalogue = Catalogue([tmp_path])
    assert not catalogue.applications()
    assert "longer than" in catalogue.mistakes()[0].sentence


PARAMETER = "parameters: {{p: {{{}}}}}"


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("name: other", "stands twice"),
        ("unknown: 1", "unknown"),
        ("parameters: {P: {type: string}}", "P"),
        ("parameters: {files: {type: string}}", "files"),
        ("parameters: {p: {type: string, advanced: true}}", "folded away"),
        (PARAMETER.format("type: text"), "text"),
        (PARAMETER.format("type: string, minimum: 1"), "p"),
        (PARAMETER.format("type: integer, pattern: x"), "p"),
        (PARAMETER.format("type: integer, default: x"), "'x' is no integer"),
        (PARAMETER.format("type: integer, default: true"), "True is no integer"),
        (PARAMETER.format("type: integer, default: 1.5"), "1.5 is no integer"),
        (PARAMETER.format("type: integer, minimum: 3, default: 1"), "out of its own range"),
        (PARAMETER.format("type: string, enum: [a], default: b"), "none of the choices"),
        (PARAMETER.format("type: string, pattern: '['"), "pattern"),
        (PARAMETER.format("type: string, pattern: '(?=a)'"), "bounded time"),
        (PARAMETER.format("type: string, pattern: 'a{9000}', maxLength: 300"), "up to 222"),
        ("files: [{name: a, pattern: b}]", "files"),
        ("files: [{name: ../a}]", "cannot be one file's name"),
        ("files: [{name: .script}]", "cannot be one file's name"),
        ("files: [{name: a, most: 2}]", "cannot be one file's name"),
        ("files: [{name: a}, {name: a}]", "same name"),
        ("files: [{pattern: ../*}]", "no pattern"),
        ("outputs: [/etc/*]", "no pattern"),
        ("outputs: [a/../../b]", "no pattern"),
        ("read: [opt]", "no absolute"),
        ("read: [/opt/../etc]", "no absolute"),
        ("resources: {minutes: 0}", "resources.minutes"),
        ("resources: {minutes: {parameter: p}}", "no parameter"),
        ("map: {points: {parameter: p}}\n" + PARAMETER.format("type: number"), "no parameter"),
        ("map: {points: {file: p}}", "no required file"),
        ("map: {points: {file: p}}\nfiles: [{name: p, required: false}]", "no required file"),
        ("map: {points: {file: p}}\nfiles: [{pattern: p}]", "no required file"),
        ("map: {points: 3, chunk: {file: p}}", "map.chunk"),
        ("profile: -x", "cannot begin"),
        ("description: 7", "description"),
        ("description: !!python/object/apply:os.system [id]", "python/object"),
    ],
)
def test_a_mistake_is_named(more: str, found: str) -> None:
    with pytest.raises(UsageError) as caught:
        document.parse(GOOD + more + "\n", "good")
    assert found in caught.value.found
    assert "good" in caught.value.wanted


@pytest.mark.parametrize("text", ["", "[]", "1", "good", "---\n---\n", "a: &a [*a]", "\0"])
def test_what_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        document.parse(text, "good")


def test_the_file_bears_the_name() -> None:
    with pytest.raises(UsageError, match="its name is 'good'"):
        document.parse(GOOD, "better")


def test_every_shipped_description_is_good() -> None:
    shipped = Path(document.__file__).parents[1] / "shipped"
    for path in shipped.glob("*.yml"):
        render.check(document.parse(path.read_text(), path.stem))


def test_the_example_of_the_documentation_is_good() -> None:
    page = Path(__file__).parents[4] / "docs" / "operators" / "job-applications.md"
    text = page.read_text().split("```yaml\n", 1)[1].split("```", 1)[0]
    render.check(document.parse(text, "fit"))
    wrong = text.replace("--model={{ model }}", '"--model={{ model }}"')
    with pytest.raises(UsageError) as caught:
        render.check(document.parse(wrong, "fit"))
    assert " ".join(str(caught.value).split()) in " ".join(page.read_text().split())
