"""Signed webhooks, as the Standard Webhooks specification has them (standardwebhooks.com): to public addresses only, over https."""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from tocsin.web.feeds.models import Delivery, Subscription
from tocsin.web.record import keys

TIMEOUT = 10


class NotTaken(OSError):
    """The receiver did not answer with 2xx, or may not be asked."""


def signature(secret: bytes, number: str, moment: int, body: str) -> str:
    """The value of the header webhook-signature."""
    made = hmac.new(secret, f"{number}.{moment}.{body}".encode(), hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


def post(subscription: Subscription, delivery: Delivery, at: datetime) -> None:
    """Send one delivery. Raises OSError. The address is looked up once, checked, and the same one is connected to."""
    from tocsin.web.feeds.outbox import summary

    body, number, moment = summary(delivery), f"msg_{delivery.pk}", int(at.timestamp())
    secret = keys.unwrap(bytes(subscription.secret or b""))
    headers = {
        "Content-Type": "application/json", "webhook-id": number, "webhook-timestamp": str(moment),
        "webhook-signature": signature(secret, number, moment, body), "User-Agent": "Tocsin",
    }  # fmt: skip
    parts = urlsplit(subscription.url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    address = _public(host, port)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    raw = socket.create_connection((address, port), TIMEOUT)
    connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host) if secure else raw
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body.encode(), headers)
        answer = connection.getresponse()
        answer.read(1024)
        # a redirect is not followed: it could lead inside
        if not 200 <= answer.status < 300:
            raise NotTaken(f"it answered {answer.status}")
    except http.client.HTTPException as error:
        raise NotTaken(type(error).__name__) from None
    finally:
        connection.close()


def _public(host: str, port: int) -> str:
    for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        address = str(found[4][0])
        if settings.WEBHOOKS_TO_ANYWHERE or ipaddress.ip_address(address.split("%")[0]).is_global:
            return address
    raise NotTaken("its address is not a public one")


def check(secret: str, headers: dict[str, str], body: str) -> bool:
    """What a receiver does. secret: 'whsec_...'. Here for tests and for the page that explains it."""
    plain = base64.b64decode(secret.removeprefix("whsec_"))
    made = signature(plain, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    return hmac.compare_digest(made, headers["webhook-signature"]) and bool(json.loads(body))
