"""How Tocsin signs people in: password and second factor, or the organisation's single sign-on; nobody makes their own account."""

import base64
import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tocsin.web.people.models import Member
from tocsin.web.record import keys

OPEN_WITHOUT_SECOND_FACTOR = ("/account/", "/static/", "/health/", "/demo/", "/told/", "/tell-us/")
"""Where somebody may go who has signed in and has no second factor yet."""


class Accounts(DefaultAccountAdapter):
    """Accounts are made by invitation only, and no mail carries a secret."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Whoever gave their password a moment ago is not asked for it again."""
        records = self.request.session.get("account_authentication_methods", [])
        return not records or records[-1]["at"] < time.time() - 300

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Nothing is mailed: a link that lets somebody in is a secret, and a mail is no place for one."""


class SecondFactors(DefaultMFAAdapter):
    """Secrets of authenticator apps are kept encrypted."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(keys.wrap(text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keys.unwrap(base64.b64decode(encrypted_text)).decode()

    def _get_site_name(self) -> str:
        return "Tocsin"


class SingleSignOn(DefaultSocialAccountAdapter):
    """Who the organisation vouches for is let in only where they are a member already."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False


class Backend(AuthenticationBackend):
    """A demo's members exist only in a demo; whoever was erased or left is out at the next click."""

    def get_user(self, user_id: Any) -> Member | None:
        found = Member.objects.filter(pk=user_id, is_active=True).first()
        return None if found is None or (found.demo and not settings.DEMO) else found

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Member | None:
        found = super().authenticate(request, **credentials)
        return None if found is not None and found.demo else found


class SecondFactorFirst:
    """Whoever is signed in without a second factor sets one up before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and not self._settled(request):
            return redirect("mfa_index")
        return self.get_response(request)

    def _settled(self, request: HttpRequest) -> bool:
        if request.path.startswith(OPEN_WITHOUT_SECOND_FACTOR) or request.user.demo:
            if request.method == "POST" and request.path.startswith("/account/2fa/"):
                request.session.pop("second-factor", None)
            return True
        if request.session.get("second-factor") != str(request.user.pk):
            if not is_mfa_enabled(request.user):
                return False
            request.session["second-factor"] = str(request.user.pk)
        return True
