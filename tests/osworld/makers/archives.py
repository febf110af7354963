"""Archives, made of files by name."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Literal

__all__ = ["tar_gz", "tar_xz", "zipped"]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A .zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tar_gz(files: Mapping[str, bytes]) -> bytes:
    """A .tar.gz file."""
    return _tarred(files, "w:gz")


def tar_xz(files: Mapping[str, bytes]) -> bytes:
    """A .tar.xz file."""
    return _tarred(files, "w:xz")


def _tarred(files: Mapping[str, bytes], mode: Literal["w:gz", "w:xz"]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
