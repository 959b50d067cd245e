"""How Tocsin signs people in: password and second factor, or the organisation's single sign-on; nobody makes their own account."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tocsin.web.people import tries
from tocsin.web.people.address import address_of
from tocsin.web.people.models import Member
from tocsin.web.record import keys
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.master import Kept, wrapped_anew

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

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """The library's own count is not asked: `tries` counts, and by another rule."""
        self._login_failed_rl_usage = None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Member | None:
        """After wrong passwords one waits, for a time that grows and ends by itself."""
        door = tries.Door("sign-in", str(credentials.get("email", "")), address_of(request))
        if until := tries.begin(door):
            raise ValidationError(f"There were too many wrong tries. Nothing was looked at; try again after {tries.words(until)}.")
        found = super().authenticate(request, **credentials)
        if found is not None:
            tries.right(door)
        return found

    def get_login_stages(self) -> list[str]:
        own = f"{SecondFactorUnlessVouched.__module__}.{SecondFactorUnlessVouched.__name__}"
        return [own if s == "allauth.mfa.stages.AuthenticateStage" else s for s in super().get_login_stages()]

    def post_login(self, request: HttpRequest, user: Member, **given: Any) -> HttpResponse:
        """Whose organisation asked for two factors has settled it for this session."""
        if vouched((given.get("signal_kwargs") or {}).get("sociallogin")):
            request.session["second-factor"] = str(user.pk)
        return super().post_login(request, user, **given)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Nothing is mailed: a link that lets somebody in is a secret, and a mail is no place for one."""


def secrets_anew(value: str, _key: object = None) -> str:
    """A second factor's data as JSON, with its secrets under the newest master key. Raises keys.Unreadable."""
    data = json.loads(value)

    def anew(text: str) -> str:
        return base64.b64encode(wrapped_anew(base64.b64decode(text))).decode()

    for name in {"secret", "seed"} & data.keys():
        data[name] = anew(data[name])
    if "migrated_codes" in data:
        data["migrated_codes"] = [anew(code) for code in data["migrated_codes"]]
    return value if data == json.loads(value) else json.dumps(data)


KEPT = (Kept("mfa_authenticator", "id", "data", secrets_anew, json=True),)
"""What is under the master key of how people sign in."""


class SecondFactors(DefaultMFAAdapter):
    """Secrets of authenticator apps are kept encrypted."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(keys.wrap(text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keys.unwrap(base64.b64decode(encrypted_text)).decode()

    def is_mfa_enabled(self, user: Member, types: Any = None) -> bool:
        """Asked as Tocsin itself: a factor that is hidden from whoever asks would otherwise be one that is not asked for."""
        with acting_as(TOCSIN):
            return super().is_mfa_enabled(user, types)

    def _get_site_name(self) -> str:
        return "Tocsin"


def vouched(login: Any) -> bool:
    """Whether the organisation says that it asked for two factors, in a claim that the settings name.

    acr: how strong the sign-in was; amr: its means (RFC 8176). Only the ID token counts, which came straight from the organisation's server.
    """
    said = getattr(getattr(login, "account", None), "extra_data", None) or {}
    claims = said.get("id_token")
    if not isinstance(claims, dict):
        return False
    means = claims.get("amr")
    means = set(means) if isinstance(means, list) and all(isinstance(m, str) for m in means) else set()
    acr = claims.get("acr")
    return bool(means & settings.OIDC_AMR) or (isinstance(acr, str) and acr in settings.OIDC_ACR)


class SecondFactorUnlessVouched(AuthenticateStage):
    """Tocsin's own second factor is asked for, unless the organisation has just asked for one."""

    def handle(self) -> tuple:
        if vouched((self.login.signal_kwargs or {}).get("sociallogin")):
            return None, True
        return super().handle()


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
        with acting_as(TOCSIN):
            found = super().authenticate(request, **credentials)
        return None if found is not None and found.demo else found


def has_second_factor(member: Member) -> bool:
    """Whether a member has set up a second factor of Tocsin's own. Four short queries."""
    return is_mfa_enabled(member)


def enter(request: HttpRequest, member: Member) -> None:
    """A new session for a member, as Tocsin itself: before it, nobody is known."""
    with acting_as(TOCSIN):
        request.session.flush()
        login(request, member, f"{Backend.__module__}.{Backend.__name__}")


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
