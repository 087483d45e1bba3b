"""How blocks that are run are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.docs import console
from unit.docs.test_docs import PAGES

PAGE = """\
Text.

<!-- as: alice, exit: 3 -->
```console
$ cat >x <<'END'
> one
>
> END
$ sbatch-service status
SERVICE  STATE    JOB ...
apache: started; job ... on node...
```
"""


def page(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "page.md"
    path.write_text(content)
    return path


def test_a_block_is_who_commands_and_what_comes(tmp_path: Path) -> None:
    (block,) = console.blocks(page(tmp_path, PAGE))
    assert (block.who, block.code, block.line) == ("alice", 3, 5)
    first, second = block.commands
    assert first.text == "cat >x <<'END'\none\n\nEND"
    assert first.shown == []
    assert second.text == "sbatch-service status"
    assert len(second.shown) == 2


def test_spaces_do_not_count_and_dots_stand_for_anything() -> None:
    command = console.Command("x", ["SERVICE STATE", "apache: started; job ... on node..."])
    assert command.missing("SERVICE   STATE  JOB\napache: started; job 17 on node2, port 5") == []
    assert command.missing("apache: started; job 17\non node2") == command.shown


@pytest.mark.parametrize(
    "content",
    [
        PAGE.replace("<!-- as: alice, exit: 3 -->\n", ""),
        PAGE.replace("$ cat", "cat").replace("$ sbatch", "sbatch"),
        PAGE.replace("```console", "- ```console").replace("\n```\n", "\n  ```\n"),
    ],
    ids=["nobody", "no command", "in a list"],
)
def test_a_malformed_block_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ValueError, match="page"):
        console.blocks(page(tmp_path, content))


def test_all_blocks_of_the_documentation_can_be_read() -> None:
    assert sum(len(console.blocks(each)) for each in PAGES) > 10
