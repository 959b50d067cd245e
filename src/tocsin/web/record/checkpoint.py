"""Signed checkpoints over all chains, and the check that nothing was changed behind Tocsin's back."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import connection, transaction

from tocsin.web.record import keys, ledger, merkle
from tocsin.web.record.models import Checkpoint

ZERO = "0" * 64


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the record does not fit together, and how."""

    where: str
    what: str


def text(at: datetime, last_entry: int, chains: int, root: str, previous: str) -> bytes:
    """What is signed."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"tocsin-checkpoint-1\n{moment}\n{last_entry}\n{chains}\n{root}\n{previous}".encode()


def leaf_text(chain: str, seq: int, hash_: str) -> bytes:
    """How one chain stands in the tree."""
    return f"{chain}\n{seq}\n{hash_}".encode()


@transaction.atomic
def take(at: datetime) -> Checkpoint | None:
    """Sign how every chain ends now; None where nothing was written since the last one. Writers wait while the heads are read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tocsin checkpoint'))")
        cursor.execute("SELECT record_heads_locked()")
        cursor.execute('SELECT chain, seq, hash FROM record_chain ORDER BY chain COLLATE "C"')
        heads = cursor.fetchall()
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM record_entry_number")
        last_entry = cursor.fetchone()[0]
    before = Checkpoint.objects.order_by("-id").first()
    root = merkle.root([merkle.leaf(leaf_text(*h)) for h in heads]).hex()
    if before is not None and before.root == root:
        return None
    previous = _print(before) if before else ZERO
    signature = keys.sign(text(at, last_entry, len(heads), root, previous)).hex()
    return Checkpoint.objects.create(at=at, last_entry=last_entry, chains=len(heads), root=root, previous=previous, signature=signature)


def change_key(at: datetime) -> Checkpoint:
    """Another key signs from now on: a last checkpoint under the old one, an entry that names both, a first under the new one.

    It must be run as Tocsin itself. Raises ValueError where the key comes from the environment.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # whoever else takes a checkpoint waits, and then signs with the new key
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tocsin checkpoint'))")
        take(at)
        old = keys.public_pem()
        keys.change_signing_key()
        names = {name: hashlib.sha256(pem.encode()).hexdigest() for name, pem in (("before", old), ("from_now", keys.public_pem()))}
        ledger.write(chain="record", what="signing-key-changed", at=at, payload=names)
    made = take(at)
    if made is None:
        raise RuntimeError("the entry that tells of the new key was not signed")
    return made


def _print(checkpoint: Checkpoint) -> str:
    return hashlib.sha256(signed(checkpoint)).hexdigest()


def signed(checkpoint: Checkpoint) -> bytes:
    """The text under a checkpoint's signature."""
    return text(checkpoint.at, checkpoint.last_entry, checkpoint.chains, checkpoint.root, checkpoint.previous)


def verify(progress: Callable[[int, int], None] | None = None) -> tuple[int, list[Fault]]:
    """Read the whole record in order and find what does not fit: number of entries, faults.

    Every hash is made again from the entry itself; each entry must follow the one before it in its chain; each checkpoint must carry a good
    signature and be the root of how the chains stood at its last entry. It must be run as Tocsin itself.
    """
    faults: list[Fault] = []
    heads: dict[str, tuple[int, str]] = {}
    checkpoints = list(Checkpoint.objects.order_by("id"))
    faults += _signatures(checkpoints)
    waiting = iter(checkpoints)
    due = next(waiting, None)
    total, count = checkpoints[-1].last_entry if checkpoints else 0, 0
    for id_, chain, seq, at, member, body, what, payload, previous, hash_ in _rows():
        while due is not None and id_ > due.last_entry:
            faults += _stands(due, heads)
            due = next(waiting, None)
        known_seq, known_hash = heads.get(chain, (0, ZERO))
        said = "\n".join(
            ("tocsin-entry-1", chain, str(seq), at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), str(member or ""), body, what, payload, previous)
        )
        if hashlib.sha256(said.encode()).hexdigest() != hash_:
            faults.append(Fault(f"{chain}, entry {seq}", "its text is not the one whose hash was kept: it was changed"))
        if seq != known_seq + 1 or previous != known_hash:
            faults.append(
                Fault(f"{chain}, entry {seq}", f"it does not follow entry {known_seq}: an entry was changed, taken out or put in")
            )
        heads[chain] = (seq, hash_)
        count += 1
        if progress and count % 20_000 == 0:
            progress(count, max(total, count))
    while due is not None:
        faults += _stands(due, heads)
        due = next(waiting, None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT chain, seq, hash FROM record_chain")
        for chain, seq, hash_ in cursor.fetchall():
            if heads.get(chain) != (seq, hash_):
                faults.append(
                    Fault(
                        chain, f"it should end at entry {seq}, and ends at {heads.get(chain, (0, ''))[0]}: its end was cut off or changed"
                    )
                )
    if progress:
        progress(count, count)
    return count, faults


def _rows() -> Iterator[tuple]:
    """All entries in the order in which they were written, a batch at a time."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, chain, seq, at AT TIME ZONE 'UTC', member, body, what, payload, previous, hash FROM record_entry "
                "WHERE id > %s ORDER BY id LIMIT 20000", [last],
            )  # fmt: skip
            rows = cursor.fetchall()
        if not rows:
            return
        yield from rows
        last = rows[-1][0]


def _stands(checkpoint: Checkpoint, heads: dict[str, tuple[int, str]]) -> list[Fault]:
    leaves = [merkle.leaf(leaf_text(c, *heads[c])) for c in sorted(heads, key=str.encode)]
    if merkle.root(leaves).hex() == checkpoint.root:
        return []
    return [Fault(f"checkpoint {checkpoint.pk}", f"the record up to entry {checkpoint.last_entry} is not the one that was signed")]


def _signatures(checkpoints: list[Checkpoint]) -> list[Fault]:
    publics, faults, previous = [load_pem_public_key(pem.encode()) for pem in keys.public_pems()], [], ZERO
    at = 0
    for checkpoint in checkpoints:
        # a key that was changed signs nothing more, so the keys follow each other as the checkpoints do
        fits = next((i for i in range(at, len(publics)) if _good(publics[i], checkpoint)), None)
        if fits is None:
            faults.append(Fault(f"checkpoint {checkpoint.pk}", "its signature is not good"))
        at = at if fits is None else fits
        if checkpoint.previous != previous:
            faults.append(Fault(f"checkpoint {checkpoint.pk}", "it does not follow the one before it"))
        previous = _print(checkpoint)
    return faults


def _good(public: Ed25519PublicKey, checkpoint: Checkpoint) -> bool:
    try:
        public.verify(bytes.fromhex(checkpoint.signature), signed(checkpoint))
    except (InvalidSignature, ValueError):
        return False
    return True
