"""Django's settings, all derived from `heed.settings`: nothing is configured twice."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from heed import settings as heed_settings

_settings = heed_settings.load()
_here = Path(__file__).parent

BASE_DIR = _here.parent
SECRET_KEY = _settings.secret_key
DEBUG = _settings.debug
ALLOWED_HOSTS = _settings.allowed_hosts

ROOMS = (
    "govern",
    "collect",
    "profiles",
    "commerce",
    "service",
    "sense",
    "scores",
    "segments",
    "accounts",
    "decisions",
    "measure",
    "predictions",
    "pipeline",
)
"""Every room that is a Django app, from the ground up."""

INSTALLED_APPS = [
    "heed.web",
    *(f"heed.{room}" for room in ROOMS if find_spec(f"heed.{room}.apps")),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "ninja",
    "procrastinate.contrib.django",
]

FILE_UPLOAD_HANDLERS = ["heed.govern.uploads.Guarded"]
MIDDLEWARE = [
    "heed.web.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "heed.web.middleware.LocalTime",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "heed.web.urls"
WSGI_APPLICATION = "heed.web.wsgi.application"

_loaders = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": _loaders if DEBUG else [("django.template.loaders.cached.Loader", _loaders)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "heed.web.context.face",
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.templatetags.static",
                "heed.web.templatetags.heed",
            ],
        },
    }
]

_database = conninfo_to_dict(_settings.database_url)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.pop("dbname", "heed"),
        "USER": _database.pop("user", ""),
        "PASSWORD": _database.pop("password", ""),
        "HOST": _database.pop("host", ""),
        "PORT": _database.pop("port", ""),
        "OPTIONS": _database,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Shared by every process, so that counting failed sign-ins cannot be dodged by reaching another one.
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "govern_cache"}
}

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"


def _static_digest() -> str:
    """One name for this exact set of static files; the same on every machine that runs this version.

    With it in the address, files can be cached for ever and need no copying or manifest at start.
    """
    digest = hashlib.sha256()
    for package in ("heed", "django-htmx", "django-ninja"):
        digest.update(f"{package} {version(package)}\n".encode())
    for path in sorted((_here / "static").rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


STATIC_URL = f"/static/{_static_digest()}/"
STATIC_ROOT = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG


def WHITENOISE_IMMUTABLE_FILE_TEST(path: str, url: str) -> bool:
    return not DEBUG


AUTH_USER_MODEL = "govern.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("email", "name")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]  # fmt: skip
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "heed.govern.adapter.AccountAdapter"
MFA_ADAPTER = "heed.govern.adapter.MfaAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "heed.govern.forms.LoginForm"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Heed"
MFA_RECOVERY_CODE_COUNT = 10

SESSION_COOKIE_NAME = "heed_session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _settings.secure_cookies
CSRF_COOKIE_NAME = "heed_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [_settings.url]
CSRF_FAILURE_VIEW = "heed.web.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if _settings.secure_cookies:
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
NINJA_PAGINATION_MAX_LIMIT = 200
LOGGING_CONFIG = None
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]
