"""What is too large is answered before it is read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

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
