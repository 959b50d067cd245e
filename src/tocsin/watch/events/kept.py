"""The watch's state between runs, in a folder: written whole or not at all, one run at a time."""

import fcntl
import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tocsin.watch.saved import Saved, from_arrays, to_arrays

_NAME = "watch.npz"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this run. Raises ValueError where another run holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"another run is using {folder}; wait for it to end") from None
        yield


def load(folder: Path) -> Saved | None:
    """What the last run left, None where there was none. Raises ValueError where it cannot be read."""
    path = folder / _NAME
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return from_arrays(arrays)
    except (ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path} cannot be read: {error}. Move it away to begin anew from all files.") from None


def store(folder: Path, saved: Saved) -> None:
    """Replace what the last run left; a power cut leaves the old or the new."""
    path, fresh = folder / _NAME, folder / f"{_NAME}.new"
    try:
        with fresh.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **to_arrays(saved))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def content_print(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
