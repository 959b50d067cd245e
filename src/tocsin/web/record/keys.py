"""Tocsin's own keys: one that encrypts what is kept, one that signs checkpoints. Made once, readable by Tocsin's user alone.

TOCSIN_MASTER_KEY and TOCSIN_SIGNING_KEY (each 32 bytes, base64) come before the files in the data folder's `keys`. While the master key is
changed (record/master.py), what is still under the one before is opened with it: `keys/master-before`, TOCSIN_MASTER_KEY_BEFORE.
"""

import base64
import hashlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


class Unreadable(Exception):
    """A sealed thing cannot be opened: its key was thrown away, or it was changed."""


def encrypt(key: bytes, plain: bytes, bound_to: bytes = b"") -> bytes:
    """AES-256-GCM; the first 12 bytes are the nonce."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def decrypt(key: bytes, sealed: bytes, bound_to: bytes = b"") -> bytes:
    """Raises Unreadable."""
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], bound_to)
    except (InvalidTag, ValueError):
        raise Unreadable("it was changed, or its key is another one") from None


def wrap(key: bytes) -> bytes:
    """A key, encrypted under the master key."""
    return encrypt(_kept("master"), key, b"key")


def unwrap(wrapped: bytes) -> bytes:
    """Raises Unreadable."""
    return open_kept(bytes(wrapped), b"key")


def under_the_newest(wrapped: bytes, bound_to: bytes = b"key") -> bool:
    """Whether something is under the master key that is in use, and not under one before it."""
    try:
        decrypt(_kept("master"), bytes(wrapped), bound_to)
    except Unreadable:
        return False
    return True


def keep(plain: bytes, bound_to: bytes) -> bytes:
    """Encrypted under the master key itself, as files are that Tocsin makes."""
    return encrypt(_kept("master"), plain, bound_to)


def open_kept(sealed: bytes, bound_to: bytes) -> bytes:
    """What is under the master key, or one before it that is still here. Raises Unreadable."""
    try:
        return decrypt(_kept("master"), sealed, bound_to)
    except Unreadable:
        for key in _masters_before():
            try:
                return decrypt(key, sealed, bound_to)
            except Unreadable:
                continue
        raise


def master_print() -> str:
    """By which a master key is told from another without showing it."""
    return _print(_kept("master"))


def begin_new_master() -> tuple[str, str]:
    """Another master key from now on; the one before stays in `keys/master-before`. Returns the prints of both.

    It may be broken off at any point and called again, and goes on with the same change until `end_new_master`. Raises ValueError where the
    key comes from the environment and no key before it is named there.
    """
    if os.environ.get("TOCSIN_MASTER_KEY"):
        before = _masters_before()
        if not before:
            raise ValueError(
                "the master key comes from TOCSIN_MASTER_KEY: set a new one there, the old one in TOCSIN_MASTER_KEY_BEFORE, start serve and "
                "worker again, and then run this"
            )
        return _print(before[-1]), master_print()
    folder = settings.DATA / "keys"
    changing, before_folder = folder / "master-changing", folder / "master-before"
    if not changing.exists():
        _put(changing, master_print().encode())
    old = changing.read_text("ascii")
    if master_print() == old:
        before_folder.mkdir(mode=0o700, exist_ok=True)
        known = sorted(before_folder.glob("[0-9]*"))
        if not any(_print(k.read_bytes()) == old for k in known):
            _put(before_folder / f"{len(known) + 1:04}", _kept("master"))
        _put(folder / "master", secrets.token_bytes(32))
    return old, master_print()


def end_new_master() -> None:
    """Nothing is under the key before any more; it stays in `keys/master-before` for copies that were made earlier."""
    (settings.DATA / "keys" / "master-changing").unlink(missing_ok=True)


def sign(text: bytes) -> bytes:
    """Ed25519 signature, 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(_kept("signing")).sign(text)


def public_pem() -> str:
    """The public key with which anybody can check a checkpoint."""
    public = Ed25519PrivateKey.from_private_bytes(_kept("signing")).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_pems() -> list[str]:
    """Every public key that was ever used for signing here, oldest first; the last is the one in use."""
    return [p.read_text("ascii") for p in _before()] + [public_pem()]


def change_signing_key() -> None:
    """From now on another key signs; the public half of this one is kept. Raises ValueError where the key comes from the environment."""
    if os.environ.get("TOCSIN_SIGNING_KEY"):
        raise ValueError("the signing key comes from TOCSIN_SIGNING_KEY; change it where that is set, and keep the old public key")
    old, folder = public_pem(), settings.DATA / "keys"
    kept = folder / "signing-before" / f"{len(_before()) + 1:04}.pem"
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    _write(kept, old.encode())
    partial = folder / f"signing.{os.getpid()}"
    _write(partial, secrets.token_bytes(32))
    partial.replace(folder / "signing")


def _masters_before() -> list[bytes]:
    given = os.environ.get("TOCSIN_MASTER_KEY_BEFORE", "")
    named = [base64.b64decode(word, validate=True) for word in given.split(",") if word.strip()]
    return named + [p.read_bytes() for p in sorted((settings.DATA / "keys" / "master-before").glob("[0-9]*"))]


def _print(key: bytes) -> str:
    return hashlib.sha256(b"tocsin master key\n" + key).hexdigest()


def _before() -> list[Path]:
    return sorted((settings.DATA / "keys" / "signing-before").glob("*.pem"))


def _kept(name: str) -> bytes:
    # a key may be changed under a running process
    place = settings.DATA / "keys" / name
    return _read(name, settings.DATA, place.stat().st_mtime_ns if place.exists() else 0)


def _put(path: Path, content: bytes) -> None:
    """All of it or nothing, also where the power fails."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.new")
    _write(partial, content)
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@lru_cache
def _read(name: str, data: Path, changed: int) -> bytes:
    given = os.environ.get(f"TOCSIN_{name.upper()}_KEY")
    if given:
        key = base64.b64decode(given, validate=True)
        if len(key) != 32:
            raise ValueError(f"TOCSIN_{name.upper()}_KEY must be 32 bytes in base64")
        return key
    folder = data / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, partial = folder / name, folder / f"{name}.{os.getpid()}"
    if not path.exists():
        _write(partial, secrets.token_bytes(32))
        try:
            # a link fails where another process was first, and never shows half a key
            os.link(partial, path)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    return path.read_bytes()
