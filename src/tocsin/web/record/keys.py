"""Tocsin's own keys: one that encrypts what is kept, one that signs checkpoints. Made once, readable by Tocsin's user alone.

TOCSIN_MASTER_KEY and TOCSIN_SIGNING_KEY (each 32 bytes, base64) come before the files in the data folder's `keys`.
"""

import base64
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
    return decrypt(_kept("master"), bytes(wrapped), b"key")


def master() -> bytes:
    """The key under which files that Tocsin itself makes are kept."""
    return _kept("master")


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


def _before() -> list[Path]:
    return sorted((settings.DATA / "keys" / "signing-before").glob("*.pem"))


def _kept(name: str) -> bytes:
    # the signing key may be changed under a running process
    place = settings.DATA / "keys" / name
    return _read(name, settings.DATA, place.stat().st_mtime_ns if place.exists() else 0)


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
