"""Putting finished files in place by rename, who may read what, and clearing up after a run that was cut off.

Belongs here: renames, flushes to disk, the folder for what is not yet published, modes of folders. Not here:
what is written. Everything happens inside `published/`: a rename is atomic on one file system only.
"""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from orchestration.settings import Home

READ_ONLY = 0o444
FOR_ALL = 0o755
OTHERS = 0o007


def incoming_folder(published: Path) -> Path:
    """Return the hidden folder in which the next publication is made."""
    return published / ".incoming"


def retired_folder(parent: Path) -> Path:
    """Return the hidden folder that a folder of `parent` waits in while the new one moves in."""
    return parent / ".retired"


def clear_leftovers(published: Path) -> None:
    """Remove what an unfinished publication left; a folder cut off between its two renames comes back."""
    for retired in (*published.glob(".retired"), *published.glob("*/.retired")):
        for folder in sorted(retired.iterdir()):
            if not (retired.parent / folder.name).exists():
                folder.rename(retired.parent / folder.name)
        shutil.rmtree(retired)
    if incoming_folder(published).exists():
        shutil.rmtree(incoming_folder(published))


def new_incoming_folder(published: Path) -> Path:
    """Return an empty folder for the next publication, readable by its owner only."""
    make_readable_folder(published)
    clear_leftovers(published)
    folder = incoming_folder(published)
    folder.mkdir(mode=0o700)
    return folder


def put_file(source: Path, target: Path) -> None:
    """Put a finished file in place of the last one, read-only and durable."""
    source.chmod(READ_ONLY)
    flush(source)
    make_readable_folder(target.parent)
    source.replace(target)
    flush(target.parent)


def put_folder(source: Path, target: Path) -> None:
    """Put a finished folder in place of the last one."""
    for path in sorted(source.rglob("*")):
        flush(path)
    flush(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    retired = retired_folder(target.parent)
    if target.exists():
        retired.mkdir(mode=0o700, exist_ok=True)
        target.rename(retired / target.name)
    source.rename(target)
    flush(target.parent)
    shutil.rmtree(retired, ignore_errors=True)


def make_readable_folder(folder: Path) -> None:
    """Make a folder that BI tools read, for all whatever the umask; one that is there keeps its mode."""
    if not folder.exists():
        make_readable_folder(folder.parent)
        folder.mkdir()
        folder.chmod(FOR_ALL)


def close_to_others(home: Home) -> None:
    """Take from all but owner and group what is not published: it tells phone numbers, or leads to them."""
    private = (home.landing, home.feedback, home.models, home.plans, home.dagster, home.dbt)
    for folder in (*private, home.warehouse_file.parent):
        if folder.exists() and folder.stat().st_mode & OTHERS:
            # Whoever delivers into a folder of his own decides about it.
            with suppress(PermissionError):
                folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~OTHERS)


def flush(path: Path) -> None:
    """Have the system write a file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
