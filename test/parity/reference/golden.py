"""What golden files say of themselves, so that anyone can see what they were made by."""

import hashlib
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def committed(folder: Path) -> str:
    """The last commit that changed what lies in `folder`; ends the process where it has changed since."""
    if git(folder, "status", "--porcelain", "--", "."):
        sys.exit(f"{folder} differs from its last commit: commit it first, so that the manifest can name it")
    return git(folder, "log", "-1", "--format=%H", "--", ".")


def manifest(out: Path, generator: str, commit: str, seeds: dict, packages: tuple[str, ...]) -> dict:
    """The generator with its versions and seeds, and the hash of every file in `out`."""
    files = sorted(path for path in out.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {
        "formatVersion": 1,
        "generator": generator,
        "commit": commit,
        "seeds": seeds,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "files": {
            path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        },
    }
