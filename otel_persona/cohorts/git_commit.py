"""The commit of the repository that a program runs in, read from its files."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def git_commit(folder: Path | None = None) -> str | None:
    """Return the commit that ``folder`` (the working directory by default) has checked out.

    ``None`` outside a repository, before its first commit, or in a folder that is removed.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        place = (Path.cwd() if folder is None else folder).absolute()
        for parent in (place, *place.parents):
            if (parent / ".git").exists():
                return _head(_git_folder(parent / ".git"))
    return None


def _git_folder(path: Path) -> Path:
    """Return the folder that ``.git`` is, or that it names in worktrees and submodules."""
    if path.is_dir():
        return path
    return path.parent / path.read_text().removeprefix("gitdir:").strip()


def _head(git: Path) -> str | None:
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref:"):
        return _commit(head)
    name = head.removeprefix("ref:").strip()
    shared = git / "commondir"  # worktrees have their branches elsewhere
    branches = git / shared.read_text().strip() if shared.exists() else git
    loose = branches / name
    if loose.exists():
        return _commit(loose.read_text().strip())
    packed = branches / "packed-refs"
    lines = packed.read_text().splitlines() if packed.exists() else []
    found = [line.split()[0] for line in lines if line.endswith(f" {name}")]
    return _commit(found[0]) if found else None


def _commit(text: str) -> str | None:
    return text if _COMMIT.fullmatch(text) else None
