"""Look locked packages up among the known advisories: `python hack/audit.py LOCK…`.

Exit code 0: each package was looked up and none has an advisory. 1: some have. 2: some could not be
looked up; pip-audit itself calls that a success.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def look_up(lock: str) -> list[dict[str, Any]] | None:
    """The packages of a lock as pip-audit reports them, None where it could not work at all."""
    program = Path(sys.executable).with_name("pip-audit")
    flags = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json")
    command = (program, *flags, "--requirement", lock)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        print(*done.stderr.splitlines()[-1:], file=sys.stderr)
        return None
    packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return packages


def audit(lock: str) -> int:
    """Print what is known of one lock's packages, and return its exit code."""
    packages = look_up(lock)
    if packages is None:
        print(f"{lock}: NOT CHECKED, the advisories cannot be reached")
        return 2
    advised = [package for package in packages if package.get("vulns")]
    for package in advised:
        what = f"{package['name']} {package['version']}"
        for advisory in package["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
            print(f"{lock}: {what}: {advisory['id']}, fixed in {fixed}")
    unknown = [package["name"] for package in packages if "vulns" not in package]
    if unknown:
        some = ", ".join(unknown[:3])
        print(f"{lock}: NOT CHECKED, no advisories reached for {len(unknown)} packages ({some}, …)")
    looked_up = len(packages) - len(unknown)
    print(f"{lock}: {looked_up} of {len(packages)} looked up, {len(advised)} with advisories")
    return 1 if advised else 2 if unknown else 0


if __name__ == "__main__":
    sys.exit(max(audit(lock) for lock in sys.argv[1:]))
