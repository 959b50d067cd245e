"""Pages for members alone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

View = Callable[..., HttpResponse]


def members_only(view: View) -> View:
    """Whoever is not signed in is led to sign in first."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect("/sign-in/?" + urlencode({"next": request.get_full_path()}))
        return view(request, *args, **kwargs)

    return inner
