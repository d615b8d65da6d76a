"""All settings, read from the environment; `.env.example` lists every variable.

|Without any variable the embedded default runs: SQLite, one process, no Redis.
"""

import os
from datetime import timedelta
from pathlib import Path

import environ

from backend.lib.clock import read_course
from backend.lib.content_policy import map_origins
from backend.lib.encryption import derived_key, read_keys, read_signing_key
from backend.lib.limits import Limits
from backend.lib.logs import logging_settings
from backend.lib.proxies import read_proxies
from backend.lib.redis_settings import caches, channel_layers
from backend.lib.secret_key import kept_key, long_enough

ROOT = Path(__file__).resolve().parents[2]
env = environ.Env()
environ.Env.read_env(ROOT / ".env")

DEBUG = env.bool("DEBUG", default=False)
# A missing key is generated once and stored beside the embedded database, so that a demo needs no configuration.
SECRET_KEY = long_enough(env.str("SECRET_KEY", default="")) or kept_key(ROOT / "var" / "secret_key")
# Seal phones and identity cards. Without keys of their own they are derived from SECRET_KEY, which then must never
# change.
FIELD_KEYS = read_keys(env.list("FIELD_KEYS", default=[])) or {"0": derived_key(SECRET_KEY, "fields")}
LOOKUP_KEY = env.str("LOOKUP_KEY", default="").encode() or derived_key(SECRET_KEY, "look-up")
# Signs the heads of the audit; only the clock needs it. Every process that records acts needs the key of the seals.
AUDIT_KEY = read_signing_key(env.str("AUDIT_KEY", default="")) or derived_key(SECRET_KEY, "audit")
AUDIT_SEAL_KEY = derived_key(SECRET_KEY, "audit seal")
# Sign badges: the newest key signs, the older keys still verify.
BADGE_KEYS = read_keys(env.list("BADGE_KEYS", default=[])) or {"0": derived_key(SECRET_KEY, "badges")}
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# A rehearsal may set the time and its rate; a production installation refuses to start with it.
REHEARSAL = env.bool("REHEARSAL", default=False)
CLOCK = read_course(
    env.str("CLOCK_SHOWS", default=""),
    env.str("CLOCK_SINCE", default=""),
    env.float("CLOCK_RATE", default=1.0),
)

INSTALLED_APPS = [
    "backend.config.apps.OperatorAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "treebeard",
    "backend.audit",
    "backend.realtime",
    "backend.accounts",
    "backend.volunteers",
    "backend.readiness",
    "backend.tracking",
    "backend.partners",
    "backend.numbers",
    "backend.joining",
    "backend.corrections",
    "backend.badges",
    "backend.rosters",
    "backend.papers",
    "backend.desks",
    "backend.privacy",
    "backend.dispatch",
    "backend.console",
]
MIDDLEWARE = [
    "backend.lib.logs.RequestIds",
    "backend.lib.afterwards.Afterwards",
    "django.middleware.security.SecurityMiddleware",
    "backend.lib.content_policy.ContentPolicy",  # before the files too: workers have their own policy
    "backend.lib.caching.NotKept",
    "backend.lib.static_files.WholeFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "backend.lib.content_types.KnownCharacters",  # before any middleware reads a form
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "backend.lib.problems.Refusals",
]
ROOT_URLCONF = "backend.config.urls"
ASGI_APPLICATION = "backend.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Storage. The database is the source of truth, Redis only the bus between processes.
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{ROOT / 'var' / 'muster.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    (ROOT / "var").mkdir(exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000;",
    }
    # A file, because the threads of the sockets have their own connections.
    DATABASES["default"]["TEST"] = {"NAME": ROOT / "var" / f"test-{os.getpid()}.sqlite3"}
else:
    # ASGI gives every request its own thread, so only a pool keeps connections. A connection is checked when it is
    # taken
    # from the pool, so that a restart of PostgreSQL causes no error.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=20), "timeout": 10},
        # PostgreSQL would compile a call-out's conditions for two seconds, and then run them in a fifth of one.
        # Compiling a statement pays off after seconds, and ours take milliseconds: a call-out to 8,000 people at home
        # waited 1.1 s for the compiler, and 0.1 s without it.
        "options": "-c jit=off",
    }
REDIS_URL = env.str("REDIS_URL", default="")
# Pub/sub ignores the database index in a Redis address: installations that share one Redis need a prefix.
LAYER_PREFIX = env.str("LAYER_PREFIX", default=f"muster.{DATABASES['default']['NAME']}")
CHANNEL_LAYERS = channel_layers(REDIS_URL, prefix=LAYER_PREFIX, secret_key=SECRET_KEY)
CACHES = caches(REDIS_URL)

# People and sign-in.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "backend.accounts.signin.NumberOrPhoneBackend",
]
PASSWORD_HASHERS = ["backend.accounts.password_hashing.ModerateArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "backend.accounts.passwords.NotOnesOwnDetails"},
]
SEALED_AFTER_DAYS = env.int("SEALED_AFTER_DAYS", default=14)
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=False)
LOGIN_URL = "console:sign-in"
LOGIN_REDIRECT_URL = "console:home"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=False)
CSRF_FAILURE_VIEW = "backend.lib.problems.stale_form"
# Applied at the edge (`config/asgi.py`): Django sees the client's own address and scheme.
PROXIES = read_proxies(env.list("PROXIES", default=[]))
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000)  # sent over TLS only
AXES_FAILURE_LIMIT = 10
AXES_ENABLE_ADMIN = False
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_HANDLER = "backend.accounts.login_attempts.LockOut"
AXES_DISABLE_ACCESS_LOG = True
AXES_CLIENT_IP_CALLABLE = "backend.accounts.signin.client_address"
SILENCED_SYSTEM_CHECKS = [
    "axes.W006"
]  # many phones share one address: no address is locked out for all names
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "LEEWAY": 60,  # allowed clock difference, in seconds, to the machine that stamped a token
    "USER_ID_CLAIM": "user",
}

# REST.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "backend.accounts.authentication.DeviceTokenAuthentication",
        "backend.accounts.authentication.PageSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "backend.accounts.authentication.FullSignIn",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["backend.accounts.guests.GuestThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "backend.lib.content_types.DeclaredContentTypes",
    "DEFAULT_SCHEMA_CLASS": "backend.lib.openapi.OperationSchema",
    "EXCEPTION_HANDLER": "backend.lib.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Muster",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "DESCRIPTION": "REST API of Muster. Start with README.md; problems.md lists every refusal.",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SERVERS": [{"url": "/", "description": "your installation"}],
    "POSTPROCESSING_HOOKS": [
        "backend.lib.openapi.describe_problems",
        "backend.realtime.views.describe_keys",
        "backend.lib.openapi.share_problems",
        "backend.realtime.docs.described.describe_events",
    ],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # of any body; some views take more, see lib/bodies.py
FILE_UPLOAD_HANDLERS = [
    "backend.lib.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Uploaded rosters, until they are checked.
IMPORTS_FOLDER = env.str("IMPORTS_FOLDER", default=str(ROOT / "var" / "imports"))

# Realtime.
MUSTER = Limits(
    heartbeat_s=env.int("HEARTBEAT_S", default=25),
    position_every_s=env.int("POSITION_EVERY_S", default=30),
    position_every_on_task_s=env.int("POSITION_EVERY_ON_TASK_S", default=10),
    clock_inside=env.bool("CLOCK_INSIDE", default=False),
    max_duty=timedelta(hours=env.int("MAX_DUTY_HOURS", default=12)),
    events_kept=timedelta(days=7),
    events_kept_per_topic=10_000,
    idle_without_post=timedelta(days=env.int("IDLE_DAYS_WITHOUT_POST", default=365)),
    left_to_partner=timedelta(minutes=env.int("LEFT_TO_PARTNER_MINUTES", default=10)),
    sign_in_code=timedelta(minutes=env.int("SIGN_IN_CODE_MINUTES", default=10)),
)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
MAP_STYLE_URL = env.str("MAP_STYLE_URL", default="")
MAP_ORIGINS = map_origins(MAP_STYLE_URL, env.list("MAP_ORIGINS", default=[]))

# Language, time, files.
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [ROOT / "backend" / "console" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = ROOT / "var" / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = True

LOGGING = logging_settings(env.str("LOG_LEVEL", default="WARNING"), env.str("LOG_FORMAT", default="json"))
