"""From which address a request comes."""

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The visitor's address, past the proxies that stand before Tocsin (TOCSIN_PROXIES); '' where it cannot be known."""
    try:
        return get_adapter(request).get_client_ip(request)
    except PermissionDenied:
        return ""
