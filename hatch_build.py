"""The build hook: a wheel has the pages of the dashboard, built where they are not there yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Pages(BuildHookInterface[BuilderConfig]):
    """Ends the build, with the reason on standard error, where the pages cannot be built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages. Not for an editable installation, which serves whatever is there."""
        if version == "editable":
            return
        done = subprocess.run([sys.executable, Path(self.root, "hack", "pages.py")], check=False)
        if done.returncode:
            sys.exit("kubervisor: no wheel without the dashboard's pages")
        build_data["artifacts"] += ["kubervisor/ui/static/**", "!kubervisor/ui/static/.*"]
