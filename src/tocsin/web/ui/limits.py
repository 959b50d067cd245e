"""What is too large is answered before it is read; and where the disk is full, that is said."""

import errno
import logging
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

_log = logging.getLogger(__name__)
NOTHING_KEPT = (
    "Tocsin has no room left on its disk, so what you sent was not kept and nothing was changed. What was kept before is safe. "
    "Keep your words, tell whoever runs this Tocsin, and send them again later."
)
LIMIT = 30 * 1024 * 1024
"""Bytes of one request: a file of 25 MB and what goes with it."""


class NotTooLarge:
    """Refuses a request by the length that it announces, so that a large file costs nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        word = request.META.get("CONTENT_LENGTH") or "0"
        if not word.isdigit() or int(word) > LIMIT:
            return render(request, "too_large.jinja", {"megabytes": 25}, status=413)
        return self.get_response(request)


class NoRoom:
    """Where a file or the database finds no room, nothing was kept, and the answer says so (507), instead of that something went wrong."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """None leaves every other failure to others."""
        if not no_room(exception):
            return None
        _log.error("no room on the disk: %s was refused, and nothing of it was kept", request.resolver_match and request.resolver_match.view_name)
        if request.path.startswith("/api/"):
            problem = {"type": "about:blank", "title": "No room", "status": 507, "detail": NOTHING_KEPT}
            return JsonResponse(problem, status=507, content_type="application/problem+json")
        return render(request, "no_room.jinja", {"words": NOTHING_KEPT}, status=507)


def no_room(exception: BaseException) -> bool:
    """Whether the disk, a quota or the database's disk was full."""
    if isinstance(exception, OSError):
        return exception.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    # PostgreSQL's disk_full
    return isinstance(exception, DatabaseError) and getattr(exception.__cause__, "sqlstate", "") == "53100"
