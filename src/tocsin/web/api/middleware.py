"""What a token's call acted for is forgotten when the call is over."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from tocsin.web.record.acting import act_as


class Forget:
    """For calls of the API only: pages have their own (web.people.middleware)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        try:
            return self.get_response(request)
        finally:
            try:
                act_as(None)
            except DatabaseError:
                connection.close()
