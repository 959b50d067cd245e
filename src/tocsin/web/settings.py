"""Settings, from the environment only. Without DATABASE_URL the embedded PostgreSQL is started in the data folder.

TOCSIN_DATA: data folder (default .tocsin). TOCSIN_SECRET_KEY: made once and kept there if not given. TOCSIN_HOSTS: names served, with
commas. TOCSIN_DATABASE_ROLE: role for the embedded server (tocsin_app; migrations use tocsin_owner). TOCSIN_SUPPRESS_BELOW: counts from 1
up to below this number are not shown on pages. TOCSIN_WATCH_FOLDER: folder with births*, mapping.yaml and sites.csv in which the worker
looks for new files. TOCSIN_DEBUG: 1 only while developing.
TOCSIN_DEMO: 1 only for a demo: anybody can be anybody, and the clock can be moved. TOCSIN_HTTPS: 1 where it is served by https through a proxy.
TOCSIN_OIDC_ISSUER, _CLIENT_ID, _CLIENT_SECRET, _NAME: the organisation's single sign-on; TOCSIN_OIDC_PLACES: with commas, origins of its
sign-in pages where they are not the issuer's own; TOCSIN_OIDC_ACR, _AMR: with commas, values of these claims that say that it asked for two
factors. TOCSIN_PROXIES: how many proxies stand before it (default 1 with TOCSIN_HTTPS, else 0). TOCSIN_SMTP_HOST, _PORT, _USER, _PASSWORD and
TOCSIN_MAIL_FROM: where mails go; without, they are kept as files in the data folder. TOCSIN_URL: the address under which readers
find it, for links in mails and feeds.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

WEB = Path(__file__).resolve().parent
DATA = Path(os.environ.get("TOCSIN_DATA", ".tocsin")).resolve()
DEMO = os.environ.get("TOCSIN_DEMO") == "1"


def _secret_key() -> str:
    given = os.environ.get("TOCSIN_SECRET_KEY")
    if given:
        return given
    DATA.mkdir(parents=True, exist_ok=True)
    kept = DATA / "secret-key"
    try:
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return kept.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return kept.read_text()


def _database() -> dict[str, object]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        from tocsin.postgres import ensure

        return ensure(DATA).django(os.environ.get("TOCSIN_DATABASE_ROLE", "tocsin_app"))
    if not url.startswith(("postgres://", "postgresql://")):
        raise ValueError("DATABASE_URL must begin with postgresql://; Tocsin needs PostgreSQL")
    given = conninfo_to_dict(url)
    named = {name: str(given.pop(key, "") or "") for name, key in (("NAME", "dbname"), ("USER", "user"), ("PASSWORD", "password"))}
    named |= {name: str(given.pop(key, "") or "") for name, key in (("HOST", "host"), ("PORT", "port"))}
    return named | {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60, "OPTIONS": given}


SECRET_KEY = _secret_key()
DEBUG = os.environ.get("TOCSIN_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("TOCSIN_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
SUPPRESS_BELOW = int(os.environ.get("TOCSIN_SUPPRESS_BELOW", "0"))
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
WATCH_FOLDER = Path(os.environ["TOCSIN_WATCH_FOLDER"]).resolve() if os.environ.get("TOCSIN_WATCH_FOLDER") else None
WATCH_KEPT = DATA / "watch"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "procrastinate.contrib.django",
    "tocsin.web.ui",
    "tocsin.web.record",
    "tocsin.web.people",
    "tocsin.web.concerns",
    "tocsin.web.feeds",
    "tocsin.web.fhir",
    "tocsin.web.accord",
    "tocsin.web.watch",
    "tocsin.web.review",
    "tocsin.web.learn",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tocsin.web.ui.limits.NotTooLarge",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tocsin.web.people.middleware.Acting",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "tocsin.web.people.signin.SecondFactorFirst",
    "tocsin.web.api.middleware.Forget",
    "tocsin.web.ui.limits.NoRoom",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
AUTH_USER_MODEL = "web_people.Member"
ROOT_URLCONF = "tocsin.web.urls"
WSGI_APPLICATION = "tocsin.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [WEB / room / "templates" for room in ("ui", "watch", "accord", "people", "concerns", "feeds", "fhir", "review", "learn")],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "tocsin.web.ui.jinja.environment",
            "context_processors": ["django.contrib.messages.context_processors.messages", "django.contrib.auth.context_processors.auth"],
        },
    },
]
TEMPLATES.append(
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB / "people" / "allauth_templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
)  # fmt: skip
AUTHENTICATION_BACKENDS = ["tocsin.web.people.signin.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/concerns/mine/"
ACCOUNT_ADAPTER = "tocsin.web.people.signin.Accounts"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "tocsin.web.people.sign_in_form.SignIn"}
# on a ward's computer nobody stays signed in after the browser is closed
ACCOUNT_SESSION_REMEMBER = False
# wrong passwords are counted by web.people.tries; this is for wrong codes of a second factor, which only who knows the password can give
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/key", "login": "600/m/ip"}
MFA_ADAPTER = "tocsin.web.people.signin.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Tocsin"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
# a passkey is held by the device and opened by finger, face or PIN: two factors in one
MFA_PASSKEY_LOGIN_ENABLED = True
OIDC_PLACES = [
    f"{part.scheme}://{part.netloc}"
    for part in map(urlsplit, [os.environ.get("TOCSIN_OIDC_ISSUER", ""), *os.environ.get("TOCSIN_OIDC_PLACES", "").split(",")])
    if part.scheme and part.netloc
]
OIDC_ACR, OIDC_AMR = ({v.strip() for v in os.environ.get(f"TOCSIN_OIDC_{w}", "").split(",") if v.strip()} for w in ("ACR", "AMR"))
SOCIALACCOUNT_ADAPTER = "tocsin.web.people.signin.SingleSignOn"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = (
    {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "organisation",
                    "name": os.environ.get("TOCSIN_OIDC_NAME", "your organisation"),
                    "client_id": os.environ["TOCSIN_OIDC_CLIENT_ID"],
                    "secret": os.environ["TOCSIN_OIDC_CLIENT_SECRET"],
                    "settings": {"server_url": os.environ["TOCSIN_OIDC_ISSUER"]},
                }
            ],
        }
    }
    if os.environ.get("TOCSIN_OIDC_ISSUER")
    else {}
)
# in the database, so that a lock-out holds over processes and restarts
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "people_cache"}}
SESSION_ENGINE = "tocsin.web.people.sessions"
SESSION_COOKIE_AGE = 12 * 3600
HTTPS = os.environ.get("TOCSIN_HTTPS") == "1"
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("TOCSIN_PROXIES", "1" if HTTPS else "0"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("TOCSIN_SMTP_HOST")
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = DATA / "mail"
EMAIL_HOST = os.environ.get("TOCSIN_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("TOCSIN_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("TOCSIN_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("TOCSIN_SMTP_PASSWORD", "")
EMAIL_USE_TLS = EMAIL_PORT == 587
DEFAULT_FROM_EMAIL = os.environ.get("TOCSIN_MAIL_FROM", "tocsin@localhost")
TOCSIN_URL = os.environ.get("TOCSIN_URL", "http://localhost:8000").rstrip("/")
WEBHOOKS_TO_ANYWHERE = DEBUG
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
WHITENOISE_USE_FINDERS = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"], "style-src": ["'self'"], "img-src": ["'self'", "data:"],
        # a form that ends at the organisation's sign-in page needs leave to be led there
        "font-src": ["'self'"], "form-action": ["'self'", *OIDC_PLACES],
        "base-uri": ["'none'"], "frame-ancestors": ["'none'"], "script-src": ["'self'"], "connect-src": ["'self'"],
    }
}  # fmt: skip
SECURE_REFERRER_POLICY = "same-origin"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
