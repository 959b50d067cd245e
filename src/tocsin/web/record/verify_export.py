"""Checks an exported history by the public key alone: python3 verify.py --key KEY.pem. Exit status 0: good; 1: not good; 2: unreadable."""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def faults(history, pem):
    """What is not as it was signed, in words."""
    chain, seq, previous = history["chain"], 0, "0" * 64
    for entry in history["entries"]:
        lines = ["tocsin-entry-1", chain, str(entry["seq"]), entry["at"], entry["member"], entry["body"], entry["what"], entry["payload"]]
        made = hashlib.sha256("\n".join([*lines, entry["previous"]]).encode()).hexdigest()
        if made != entry["hash"]:
            yield f"entry {entry['seq']} was changed"
        if entry["seq"] != seq + 1 or entry["previous"] != previous:
            yield f"entry {entry['seq']} does not follow entry {seq}"
        seq, previous = entry["seq"], entry["hash"]
    at = hashlib.sha256(b"\x00" + f"{chain}\n{seq}\n{previous}".encode()).digest()
    for side, other in history["proof"]:
        pair = bytes.fromhex(other) + at if side == "left" else at + bytes.fromhex(other)
        at = hashlib.sha256(b"\x01" + pair).digest()
    signed = history["checkpoint"]
    if at.hex() != signed["root"]:
        yield "the entries do not lead to the root that was signed"
    text = "\n".join(
        ["tocsin-checkpoint-1", signed["at"], str(signed["last_entry"]), str(signed["chains"]), signed["root"], signed["previous"]]
    )
    if not good(text.encode(), bytes.fromhex(signed["signature"]), pem):
        yield "the signature is not good for this key"


def good(text, signature, pem):
    """Whether an Ed25519 signature is good."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        return good_by_openssl(text, signature, pem)
    try:
        load_pem_public_key(pem).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def good_by_openssl(text, signature, pem):
    """The same by the command openssl, 1.1.1 or later."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("text", text), ("signature", signature), ("key", pem)):
            (Path(folder) / name).write_bytes(content)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "text", "-sigfile", "signature"]
        return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0  # noqa: S603


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--key", required=True, help="the public key, as the organisation publishes it (PEM)")
    parser.add_argument("history", nargs="?", default="history.json")
    given = parser.parse_args()
    try:
        history = json.loads(Path(given.history).read_text(encoding="utf-8"))
        found = list(faults(history, Path(given.key).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot be read: {error!r}")
        return 2
    for fault in found:
        print(fault)
    if not found:
        signed = history["checkpoint"]["at"]
        print(f"{history['chain']}: {len(history['entries'])} entries, each as it was written; signed at {signed}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
