"""The settings: one file, read from the environment by strict readers, secure unless told otherwise.

Every variable is listed in docs/operations.md. A variable that is missing or unreadable stops the start with its name.
"""

from email.utils import formataddr
from importlib.util import find_spec

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django_prose_editor.config import html_tags
from js_asset import static_lazy
from whitenoise.compress import Compressor

from newsportal.environment import BASE_DIR, REQUIRED, Environment

env = Environment()

#: First parts of addresses that are somebody else's.
TAKEN = {"authors", "comments", "corrections", "csp-reports", "feed", "healthz", "latest", "media", "metrics", "most-read", "pages",
         "preview", "read", "readyz", "search", "sections", "static", "tags"}  # fmt: skip

# --- Who may ask, and how ---------------------------------------------------------------------------------------------

SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
# Of hashes that must outlive a change of SECRET_KEY: how readers' addresses and networks are recognised.
PRIVACY_KEY = env.text("PRIVACY_KEY", SECRET_KEY)
DEBUG = env.flag("DEBUG", False)
SITE_URL = env.origin("SITE_URL")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is not set. Name the hosts that this site answers to, separated by commas."
    )
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS may not be '*': name the hosts that this site answers to.")

TLS = SITE_URL.startswith("https://")
SECURE = TLS and not DEBUG
# Whose X-Forwarded-For is believed.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
if env.flag("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 31_536_000) if SECURE else 0
# Of a newspaper at example.org all other names beneath it must speak TLS, too, unless this says that they do not.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE and env.flag("HSTS_SUBDOMAINS", True)
if SECURE and not SECURE_HSTS_INCLUDE_SUBDOMAINS:
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
# Host cookies cannot be set by a neighbouring subdomain; browsers accept the prefix over TLS alone.
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "newsportal.bare.without_token"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

CONTENT_SECURITY_POLICY: dict[str, dict] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "report-uri": "/csp-reports/",
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
    }
}

# --- What it is made of -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    # Before our own, which take its tags off the desk in favour of theirs.
    "taggit",
    # Without "allauth" itself: its pages are all ours (templates/account, templates/mfa), and none comes by itself.
    "allauth.account",
    "allauth.mfa",
    "articles.apps.ArticlesConfig",
    "comments.apps.CommentsConfig",
    "adverts.apps.AdvertsConfig",
    "newsportal.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "adminsortable2",
    "csp",
    "django_prose_editor",
    "django_tasks",
    "newsportal.apps.BackgroundWorkConfig",
    # Last, so that its post_migrate handler finds the permissions of all others.
    "newsportal.apps.NewsportalConfig",
]

MIDDLEWARE = [
    "newsportal.watching.health.answer_watchers",
    "newsportal.watching.request_id.name_requests",
    "newsportal.watching.numbers.count_requests",
    "newsportal.watching.request_id.log_requests",
    "newsportal.unavailable.database_unavailable",
    "django.middleware.security.SecurityMiddleware",
    "newsportal.security.contained",
    "newsportal.security.ContentSecurityPolicy",
    "newsportal.middleware.public_pages",
    "newsportal.staff.gate.desk_networks",
    "newsportal.security.limited_bodies",
    # What is behind this has nothing to do with a beacon.
    "articles.reads.counting.answer_beacons",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "newsportal.middleware.QuickGzip",
    "newsportal.middleware.ConditionalGet",
    "newsportal.security.frames_for_embeds",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "newsportal.staff.gate.staff_gate",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "newsportal.middleware.save_data",
    "newsportal.site.remember_what_is_planned",
    "newsportal.middleware.apply_due_changes",
    "newsportal.middleware.pages_that_change_by_themselves",
    "newsportal.database.replica.read_from_replica",
]

ROOT_URLCONF = "newsportal.urls"
WSGI_APPLICATION = "newsportal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "newsportal.site.context",
            ],
        },
    }
]

# --- Where things are kept --------------------------------------------------------------------------------------------

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A connection stays open: to open one is to read the whole schema, which costs more than a page's queries.
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        # Writers take their turn from the first statement: a lock upgraded half-way fails at once, whatever the timeout.
        "transaction_mode": "IMMEDIATE",
        # Of commands and jobs; who answers requests has DATABASE_TIMEOUT.
        "timeout": 30,
        # FULL: what people have been told is saved outlives a power cut (decision 42).
        # What a search of a large archive touches fits in 4 MB, and not in SQLite's own 2: it would be read anew each time (37).
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-4000;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": env.number("DATABASE_POOL_SIZE", 8, minimum=1),
        "timeout": 3,
        # A database that comes back is found by the next request; the pool's own pauses grow to minutes.
        "reconnect_timeout": 3,
    }
    # A database that was started anew has ended all connections, and a process finds that out one by one: by a look at each before
    # it is used, instead of by a reader's 503.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A server that says nothing any more is noticed by whoever waits for it, and not by TCP after a quarter of an hour
    # (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
    DATABASES["default"]["OPTIONS"] |= {
        "connect_timeout": 3, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }  # fmt: skip
    if env.text("DATABASE_REPLICA_URL", ""):
        # A copy that follows: what readers read comes from it where it has followed.
        DATABASES["replica"] = env.database("DATABASE_REPLICA_URL", "") | {
            name: DATABASES["default"][name] for name in ("OPTIONS", "CONN_HEALTH_CHECKS")
        }
        DATABASE_ROUTERS = ["newsportal.database.replica.Router"]

# For how many seconds who answers requests waits for one answer of PostgreSQL, or for its turns to write to SQLite
# (newsportal.database.patience). Proxies must wait for longer (deploy/): what they give up is lost.
DATABASE_TIMEOUT = env.number("DATABASE_TIMEOUT", 15, minimum=1)

CACHES = {"default": env.cache("CACHE_URL", "locmemcache://")}
OF_REDIS = {
    "CLIENT_CLASS": "django_redis.client.DefaultClient", "IGNORE_EXCEPTIONS": True,
    # One that hangs keeps nobody waiting for longer, and one of us at a time.
    "SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1, "REDIS_CLIENT_CLASS": "newsportal.redis_cache.LeftAlone",
}  # fmt: skip
if "redis" in CACHES["default"]["BACKEND"].lower():
    # django-redis, not Django's own back end: the site must stay up while Redis is down.
    CACHES["default"]["BACKEND"] = "django_redis.cache.RedisCache"
    CACHES["default"]["OPTIONS"] = OF_REDIS
else:
    CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 10_000}

PAGE_CACHE = env.flag("PAGE_CACHE", True)
# Where the processes of a server keep pages for each other, exactly (newsportal.page_cache), and how many megabytes of them.
PAGE_CACHE_FOLDER = env.text("PAGE_CACHE_FOLDER", "")
PAGE_CACHE_FOLDER_MEGABYTES = env.number("PAGE_CACHE_FOLDER_MEGABYTES", 256, minimum=16)
# And those that each process has at hand: fewer, where the others are near.
PAGE_CACHE_MEGABYTES = env.number("PAGE_CACHE_MEGABYTES", 12 if PAGE_CACHE_FOLDER else 32, minimum=1)
# Whether nginx before us keeps pages by deploy/nginx.conf.
NGINX_MICROCACHE = env.flag("NGINX_MICROCACHE", False)
# The CDN that is told at once what has changed (newsportal.purging), and what it needs.
PURGE = env.choice("PURGE", "none", ["none", "varnish", "fastly", "cloudflare"])
if PURGE != "none" and not PAGE_CACHE:
    raise ImproperlyConfigured("PURGE needs PAGE_CACHE=true: without it pages do not say what they show.")
# A page that is purged is kept for the time in which nobody here answers. Cloudflare is always purged whole.
PURGE_SOFT = env.flag("PURGE_SOFT", True)
VARNISH_URLS = env.origins("VARNISH_URLS") if PURGE == "varnish" else []
FASTLY_URL = env.origin("FASTLY_URL", "https://api.fastly.com")
FASTLY_SERVICE_ID = env.name_at("FASTLY_SERVICE_ID") if PURGE == "fastly" else ""
FASTLY_TOKEN = env.secret("FASTLY_TOKEN") if PURGE == "fastly" else ""
CLOUDFLARE_URL = env.origin("CLOUDFLARE_URL", "https://api.cloudflare.com")
CLOUDFLARE_ZONE_ID = env.name_at("CLOUDFLARE_ZONE_ID") if PURGE == "cloudflare" else ""
CLOUDFLARE_TOKEN = env.secret("CLOUDFLARE_TOKEN") if PURGE == "cloudflare" else ""
# For how many seconds a shared cache may send a page without asking whether it still is true. 0: it asks each time.
SHARED_CACHE_SECONDS = env.number("SHARED_CACHE_SECONDS", 0 if PURGE == "none" else 86_400)

MEDIA_URL = "/media/"
# The host of pictures, where that is another than this site's, which has them at the same path. In a bucket they have its own.
MEDIA_ORIGIN = env.origin("MEDIA_ORIGIN", "") if env.text("MEDIA_ORIGIN", "") else ""
if MEDIA_ORIGIN:
    # What the storage's own addresses need besides is added by newsportal.security.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append(MEDIA_ORIGIN)
MEDIA_ROOT = env.text("MEDIA_ROOT", BASE_DIR / "media")
SERVE_MEDIA = env.flag("SERVE_MEDIA", True)
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "newsportal.uploads.OnDiskUploadHandler",
]
STATIC_URL = "/static/"
STATIC_ROOT = env.text("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# Maps for debuggers are asked for by nobody who reads or edits; half of all the compressing would be for one of them.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
STORAGES: dict[str, dict] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"base_url": f"{MEDIA_ORIGIN}{MEDIA_URL}"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "newsportal.static_files.PublishedStaticFiles"
    },
}
# Of S3-compatible storage: of media, and of backups (newsportal.backup).
S3 = {
    "endpoint_url": env.address("S3_ENDPOINT_URL", "") or None,
    "region_name": env.text("S3_REGION", "") or None,
    "access_key": env.text("S3_ACCESS_KEY_ID", "") or None,
    "secret_key": env.text("S3_SECRET_ACCESS_KEY", "") or None,
}
if bucket := env.text("S3_BUCKET", ""):
    from newsportal.s3 import client_config

    # Addresses are made of it as it stands.
    if "://" in (media_domain := env.text("S3_CUSTOM_DOMAIN", "")):
        raise ImproperlyConfigured(
            f"S3_CUSTOM_DOMAIN={media_domain!r} cannot be read: it must be a host such as media.example.org."
        )
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": S3
        | {
            "bucket_name": bucket,
            "custom_domain": media_domain or None,
            "querystring_auth": False,
            # Who waits for a storage that is away is an editor with a form.
            "client_config": client_config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2}),
            "file_overwrite": True,
            "object_parameters": {
                "CacheControl": "public, max-age=31536000, immutable",
                "ContentDisposition": "inline",
            },
        },
    }
    SERVE_MEDIA = False

# --- Who works here ---------------------------------------------------------------------------------------------------

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_AGE = 14 * 24 * 3600

# Where the desk is, and from where it can be reached; elsewhere there is nothing at that address. Empty: from everywhere.
ADMIN_PATH = env.path("ADMIN_PATH", "admin/", taken=TAKEN)
ADMIN_NETWORKS = env.networks("ADMIN_NETWORKS")
# Who must have a passkey or an authenticator app: those whose word goes out to readers, everybody at the desk, nobody.
REQUIRE_SECOND_FACTOR = env.choice(
    "REQUIRE_SECOND_FACTOR", "publishers" if SECURE else "none", ["publishers", "everyone", "none"]
)
# For how long the log of the desk keeps the addresses that staff came from.
AUDIT_ADDRESS_DAYS = env.number("AUDIT_ADDRESS_DAYS", 90, minimum=1)

# Login by django-allauth (newsportal.staff). Accounts are made at the desk, and nowhere else.
ACCOUNT_ADAPTER = "newsportal.staff.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "login": "newsportal.staff.forms.LoginForm",
    "reauthenticate": "newsportal.staff.forms.PasswordAgainForm",
}
MFA_ADAPTER = "newsportal.staff.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "newsportal.staff.forms.CodeForm",
    "reauthenticate": "newsportal.staff.forms.CodeAgainForm",
    "add_webauthn": "newsportal.staff.forms.AddPasskeyForm",
    "edit_webauthn": "newsportal.staff.forms.RenamePasskeyForm",
    "login_webauthn": "newsportal.staff.forms.LoginPasskeyForm",
    "authenticate_webauthn": "newsportal.staff.forms.PasskeyForm",
    "reauthenticate_webauthn": "newsportal.staff.forms.PasskeyAgainForm",
    "activate_totp": "newsportal.staff.forms.AddAppForm",
}
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# The clock of a phone may be half a minute off.
MFA_TOTP_TOLERANCE = 1
# Its limits live in a cache that one process may have for itself; ours (newsportal.staff.guesses) are in the database.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False

# --- Who we are (newsportal/site.py tells the pages) ------------------------------------------------------------------

SITE_NAME = env.text("SITE_NAME", "Newsportal")
SITE_TAGLINE = env.text("SITE_TAGLINE", "")
SITE_EMAIL = env.text("SITE_EMAIL", "")
SITE_LOGO = env.text("SITE_LOGO", "img/logo.svg")
SITE_X_ACCOUNT = env.text("SITE_X_ACCOUNT", "")
LANGUAGE_CODE = env.text("LANGUAGE_CODE", "en-gb")
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "newsportal.formats"

# --- Mail, and work in the background ---------------------------------------------------------------------------------

# Without a server no mail is ever tried, by us or by Django.
EMAIL_HOST = env.text("EMAIL_HOST", "")
MAIL_ENABLED = bool(EMAIL_HOST)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL_ENABLED else 'dummy'}.EmailBackend"
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", False)
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", not EMAIL_USE_SSL)
if EMAIL_USE_SSL and EMAIL_USE_TLS:
    raise ImproperlyConfigured("EMAIL_USE_SSL and EMAIL_USE_TLS exclude each other: set one of them to false.")
EMAIL_PORT = env.number("EMAIL_PORT", 465 if EMAIL_USE_SSL else 587 if EMAIL_USE_TLS else 25, minimum=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_TIMEOUT = 10
if MAIL_ENABLED:
    MAIL_FROM = env.mail_address("MAIL_FROM", *([SITE_EMAIL] if SITE_EMAIL else []))
    DEFAULT_FROM_EMAIL = formataddr((SITE_NAME, MAIL_FROM))
    SERVER_EMAIL = MAIL_FROM

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# "thread": this process does it, after the answer; "process": `manage.py background_worker` does.
BACKGROUND_WORKER = env.choice("BACKGROUND_WORKER", "thread", ["thread", "process"])

# --- Readers' comments ------------------------------------------------------------------------------------------------

# Without a key Akismet is never asked.
AKISMET_KEY = env.text("AKISMET_KEY", "")
AKISMET_URL = env.origin("AKISMET_URL", "https://rest.akismet.com")
# How long the words of what was turned away are kept.
COMMENT_REJECTED_DAYS = env.number("COMMENT_REJECTED_DAYS", 180, minimum=1)

# --- Stories and pictures ---------------------------------------------------------------------------------------------

# Rules of articles.editing.preflight that keep a story back; all others only warn.
PREFLIGHT_BLOCKS = env.some_of(
    "PREFLIGHT_BLOCKS",
    ["rights", "embargo"],
    ["past", "embargo", "standfirst", "byline", "pictures", "rights", "rights_soon", "headline", "twins", "links", "tags"],
)  # fmt: skip

# The WebSub hub that is told when a feed has changed; without one nothing is told.
WEBSUB_HUB = env.address("WEBSUB_HUB", "")

# A stolen account, or a program that has gone wild, fills no disk overnight.
UPLOADS_A_DAY = env.number("UPLOADS_A_DAY", 300)

# How often stories are read: whether it is counted, how many seconds a process waits before it writes down what has come in
# (0: at once), and how many days are kept apart before they are added up to one number.
COUNT_READS = env.flag("COUNT_READS", True)
READS_BATCH_SECONDS = env.number("READS_BATCH_SECONDS", 5)
READS_DAYS = env.number("READS_DAYS", 400, minimum=31)

# Whether readers can see what corrected and updated stories said before.
PUBLIC_VERSIONS = env.flag("PUBLIC_VERSIONS", False)

# Our own extensions of the editor. What they may leave in a text is the business of articles.body.sanitise.
DJANGO_PROSE_EDITOR_EXTENSIONS = [
    {
        "js": [static_lazy("js/desk/editor.js")],
        "extensions": {name: html_tags([]) for name in ("PullQuote", "LibraryFigure", "EmbedCard", "Desk")},
    }
]
TAGGIT_CASE_INSENSITIVE = True

# --- Who watches over it (newsportal.watching) ------------------------------------------------------------------------

# Lines of JSON for whatever collects logs, or text for a person; neither names anybody.
LOG_FORMAT = env.choice("LOG_FORMAT", "json" if SECURE else "text", ["json", "text"])
LOG_REQUESTS = env.flag("LOG_REQUESTS", LOG_FORMAT == "json")
# Numbers for Prometheus, for who has the token alone; the processes of a server add them up in a folder that they share, by itself
# the one that systemd makes for a service (RuntimeDirectory=).
METRICS_TOKEN = env.secret("METRICS_TOKEN", minimum=16) if env.text("METRICS_TOKEN", "") else ""
_runtime = env.text("RUNTIME_DIRECTORY", "")
METRICS_FOLDER = env.text("METRICS_FOLDER", f"{_runtime}/numbers" if _runtime else REQUIRED) if METRICS_TOKEN else ""
# Where what broke is reported to; nothing of it is loaded without.
SENTRY_DSN = env.address("SENTRY_DSN", "")
for variable, is_set, package in (
    ("METRICS_TOKEN", METRICS_TOKEN, "prometheus_client"),
    ("SENTRY_DSN", SENTRY_DSN, "sentry_sdk"),
):
    if is_set and find_spec(package) is None:
        raise ImproperlyConfigured(
            f"{variable} needs a package that is not here: pip install -r requirements-scale.txt"
        )

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "newsportal.watching.logs.Json"},
        "text": {"()": "newsportal.watching.logs.Text", "whole_exceptions": DEBUG},
    },
    "filters": {"once": {"()": "newsportal.watching.logs.Once"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["once"]}},
    "root": {"handlers": ["console"], "level": env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])},
    "loggers": {name: {"level": "WARNING"} for name in ("django", "django_tasks", "django_tasks_db")},
}
