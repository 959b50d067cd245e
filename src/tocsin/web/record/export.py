"""A concern's whole history, to be verified by anybody who has the public key, without Tocsin."""

import io
import json
import zipfile
from datetime import UTC, datetime
from importlib.resources import files

from django.db import connection

from tocsin.web.record import checkpoint, keys, ledger, merkle
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Checkpoint
from tocsin.web.record.moment import now

_READ_ME = """This is the history of one concern, as its record has it.

history.json     every entry, in order, with its hash and the hash of the one before; and the signed checkpoint under which they stand
public-key.pem   the key with which the checkpoint was signed. Compare it with the one that the organisation publishes, or got to you otherwise.
verify.py        checks all of it: python3 verify.py --key KEY.pem (Python 3.8 or later; and 'cryptography' or the command openssl)

An entry's hash is the SHA-256 of these lines, joined by line breaks: tocsin-entry-1, chain, seq, at, member, body, what, payload, previous.
What is sealed ("sealed" in a payload) was told in confidence; it can be hashed but not read here, also after it has been erased.
"""


def of_concern(number: int) -> bytes:
    """A zip file: history.json, public-key.pem, verify.py, README.txt. The chain is read as the one who asks; all heads as Tocsin itself."""
    chain = f"concern:{number}"
    with acting_as(TOCSIN):
        checkpoint.take(now())
    entries = ledger.entries(chain)
    if not entries:
        raise LookupError("there is no such concern that you may see")
    with acting_as(TOCSIN):
        newest = Checkpoint.objects.order_by("-id")[0]
        heads = _heads()
    index = next(i for i, head in enumerate(heads) if head[0] == chain)
    leaves = [merkle.leaf(checkpoint.leaf_text(*head)) for head in heads]
    if merkle.root(leaves).hex() != newest.root or heads[index][1] != entries[-1].seq:
        # somebody wrote between the two readings
        return of_concern(number)
    history = {
        "chain": chain,
        "entries": [
            {
                "seq": e.seq, "at": _moment(e.at), "member": str(e.member or ""), "body": e.body, "what": e.what, "payload": e.payload,
                "previous": e.previous, "hash": e.hash,
            }
            for e in entries
        ],
        "checkpoint": {
            "at": _moment(newest.at), "last_entry": newest.last_entry, "chains": newest.chains, "root": newest.root,
            "previous": newest.previous, "signature": newest.signature,
        },
        "proof": merkle.proof(leaves, index),
    }  # fmt: skip
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("history.json", json.dumps(history, indent=1))
        file.writestr("public-key.pem", keys.public_pem())
        file.writestr("verify.py", (files("tocsin.web.record") / "verify_export.py").read_text("utf-8"))
        file.writestr("README.txt", _READ_ME)
    return packed.getvalue()


def _heads() -> list[tuple[str, int, str]]:
    with connection.cursor() as cursor:
        cursor.execute('SELECT chain, seq, hash FROM record_chain ORDER BY chain COLLATE "C"')
        return cursor.fetchall()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
