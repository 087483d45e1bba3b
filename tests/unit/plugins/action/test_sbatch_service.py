"""The option src: files of the controller become the texts that the module takes."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.sciportal.hosting.plugins.action.sbatch_service import ActionModule


@pytest.fixture
def sent(tmp_path, monkeypatch):
    """Runs the plugin in a directory with a file and returns what it hands to the module."""
    (tmp_path / "web.sh").write_text("#!/bin/sh\n")
    (tmp_path / "blob").write_bytes(b"\xff\xfe")

    def run(**options):
        task = Task()
        task.args = options
        loader = DataLoader()
        loader.set_basedir(str(tmp_path))
        plugin = ActionModule(task, Mock(), None, loader, None, None)
        plugin._find_needle = lambda _kind, name: loader.path_dwim(name)
        handed = {}
        monkeypatch.setattr(
            plugin, "_execute_module", lambda module_args, **_: handed.update(module_args) or {}
        )
        plugin.run(task_vars={})
        return handed

    return run


def test_a_file_becomes_the_script(sent):
    assert sent(name="web", src="web.sh") == {"name": "web", "script": "#!/bin/sh\n"}


def test_so_does_that_of_each_entry(sent):
    handed = sent(services=[{"name": "web", "src": "web.sh"}, {"name": "other"}])

    assert handed == {"services": [{"name": "web", "script": "#!/bin/sh\n"}, {"name": "other"}]}


@pytest.mark.parametrize(
    "options", [{"src": "web.sh", "script": "x"}, {"services": "web"}, {"services": ["web"]}]
)
def test_what_the_module_has_to_refuse_reaches_it(sent, options):
    assert sent(**options) == options


@pytest.mark.parametrize("name", ["missing.sh", "blob"])
def test_a_file_that_is_no_text_fails_with_its_name(sent, name):
    with pytest.raises(AnsibleActionFail, match=f"{name} cannot be read as text"):
        sent(name="web", src=name)
