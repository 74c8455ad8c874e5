"""`kubervisor data` names its commands, and a deployer's start loads none of the others."""

from __future__ import annotations

import subprocess
import sys

from click.testing import CliRunner

from kubervisor.cli import main
from kubervisor.cli.data import COMMANDS


def test_the_help_names_every_command() -> None:
    said = CliRunner().invoke(main, ["data", "--help"])
    assert said.exit_code == 0
    assert all(f"  {name} " in said.output for name in COMMANDS)


def test_a_command_is_loaded_when_it_is_called_and_alone() -> None:
    program = (
        "import sys\n"
        "from kubervisor.cli import main\n"
        "main(['data', 'status', '--help'], standalone_mode=False)\n"
        "print([name for name in sys.modules if name.startswith('kubervisor.cli.data')])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "['kubervisor.cli.data', 'kubervisor.cli.data_status']"


def test_a_namespace_and_all_of_them_exclude_each_other() -> None:
    answer = CliRunner().invoke(main, ["data", "status", "-A", "-n", "shop"])
    assert answer.exit_code == 2
    assert "exclude each other" in answer.output


def test_a_cluster_that_cannot_be_read_ends_with_1_and_a_sentence() -> None:
    answer = CliRunner().invoke(main, ["data", "status", "--kubeconfig=/no/such/file"])
    assert answer.exit_code == 1
    assert "Cannot connect with /no/such/file" in answer.output
