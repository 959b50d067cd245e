"""Files that are given as evidence: kept once by their content, looked at for what they are, limited in size, encrypted at rest."""

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from tocsin.web.record import keys
from tocsin.web.record.looking import ALLOWED, FileRefused, look
from tocsin.web.record.models import StoredFile

__all__ = ["ALLOWED", "LIMIT", "FileRefused", "erase", "keep", "look", "path", "read"]
LIMIT = 25 * 1024 * 1024


def keep(upload: UploadedFile, *, also: Iterable[str] = ()) -> StoredFile:
    """Encrypt and keep a file, inside the transaction of the action that gives it. Raises FileRefused, OSError (disk full).

    also: media types taken beside ALLOWED; 'application/octet-stream' stands for whatever cannot be recognised.
    """
    if upload.size is None or upload.size > LIMIT:
        raise FileRefused(f"The file is larger than {LIMIT // 1024**2} MB. Give a smaller one, or several parts.")
    content = upload.read()
    if not content:
        raise FileRefused("The file is empty.")
    kind = look(content, upload.name or "", also)
    digest = hashlib.sha256(content).hexdigest()
    known = StoredFile.objects.select_for_update().filter(sha256=digest).first()
    if known is not None and not known.erased and path(digest).exists():
        return known
    key = secrets.token_bytes(32)
    _put(path(digest), keys.encrypt(key, content, digest.encode()))
    values = {"size": len(content), "kind": kind, "wrapped": keys.wrap(key), "erased": False}
    return StoredFile.objects.update_or_create(sha256=digest, defaults=values)[0]


def read(file: StoredFile) -> bytes:
    """The content. Raises keys.Unreadable where it was erased or changed."""
    if file.erased:
        raise keys.Unreadable("the file was erased")
    content = keys.decrypt(keys.unwrap(file.wrapped), path(file.sha256).read_bytes(), file.sha256.encode())
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise keys.Unreadable("the file is not the one that was given")
    return content


def erase(file: StoredFile) -> None:
    """Throw the key and the encrypted content away; its hash stays, so that the record still says that there was one."""
    file.wrapped, file.erased = b"", True
    file.save()
    path(file.sha256).unlink(missing_ok=True)


def path(digest: str) -> Path:
    return Path(settings.DATA) / "files" / digest[:2] / digest


def _put(place: Path, content: bytes) -> None:
    """All of it or nothing, and on the disk before it is acknowledged."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = place.with_name(f"{place.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)
    folder = os.open(place.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
