"""Packages from npm, for tests that run in Node."""

import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))


def install_packages(folder: Path, name: str) -> Path:
    """Installs what folder/package.json names, once for all runs and checkouts; gives where the folder's scripts are
    beside it: Node looks for packages there, whatever the working directory is."""
    cache = CACHE / name
    cache.mkdir(parents=True, exist_ok=True)
    wanted = (folder / "package.json").read_text()
    installed = cache / "installed.json"
    if not installed.exists() or installed.read_text() != wanted:
        shutil.copy(folder / "package.json", cache)
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=cache, check=True)
        installed.write_text(wanted)
    for script in folder.glob("*.mjs"):
        shutil.copy(script, cache)
    return cache
