"""The `spacetime` command: everything a user runs."""

import functools
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def command() -> Path:
    """The program, built if SPACETIME_COMMAND does not name one."""
    built = os.environ.get("SPACETIME_COMMAND")
    if built:
        return Path(built)
    output = subprocess.run([ROOT / "tools" / "build-command"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return Path(output.strip())
