"""Files that are either whole or absent."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class WriteError(OSError):
    """A file cannot be written: the disk is full, the folder is read-only, the mount is gone.

    The message is one line that names the file.
    """


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that becomes `path` when the block ends well.

    The content is flushed to the disk before the rename, so after a crash at any moment
    `path` holds either what it held before or all of the new content. If the block raises, the
    temporary file is removed and `path` is untouched. The suffix of `path` is kept, because
    writers choose their format by it.

    Raises
    ------
    WriteError
        Naming `path`, in place of any `OSError`.
    """
    temporary = path.with_name(f".{secrets.token_hex(4)}.tmp.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise WriteError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, where the system does that."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a new folder beside `path` that becomes `path` when the block ends well.

    `path` must not be there. If the block raises, all that was written is removed; a process that
    is killed leaves a folder whose name begins with a dot, and no `path`.

    Raises
    ------
    WriteError
        Naming `path`, in place of any `OSError` but those that name their own file.
    """
    temporary = path.with_name(f".{secrets.token_hex(4)}.tmp.{path.name}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.rename(path)
        _flush_folder(path.parent)
    except WriteError:
        raise
    except OSError as error:
        raise WriteError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def create_json(path: Path, content: Any) -> bool:
    """Write JSON atomically to a file that must not be there; return whether it was not.

    Of several writers one wins, and a file that is there is never replaced. Where the file system
    has no hard links, a writer that comes while another one writes may win over it.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    draft = path.with_name(f".{secrets.token_hex(4)}.tmp.{path.name}.new")
    try:
        write_json(draft, content)
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        except OSError:
            if path.exists():
                return False
            draft.replace(path)
        _flush_folder(path.parent)
        return True
    except WriteError:
        raise
    except OSError as error:
        raise WriteError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically, indented and with sorted keys; NaN and infinity are refused."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")
