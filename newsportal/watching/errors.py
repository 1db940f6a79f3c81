"""Reports of what broke, to Sentry or what speaks its language; only where SENTRY_DSN is set, and only then is its library loaded.

A report holds the kind of the error and the lines of code, the route, and the request's name. It holds no person: no body, cookie,
header, query, address or user, no values of variables, and messages as newsportal.watching.logs scrubs them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from newsportal.watching import request_id
from newsportal.watching.logs import causes_of, message_of, scrubbed


def connect() -> None:
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(
        settings.SENTRY_DSN,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        include_source_context=True,
        max_breadcrumbs=0,
        traces_sample_rate=0,
        send_client_reports=False,
        auto_session_tracking=False,
        default_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="function_name", middleware_spans=False),
            LoggingIntegration(level=None),
        ],
        before_send=without_persons,
    )


def chain_of(error: BaseException | None) -> list[tuple[str, str]]:
    """The kinds of an exception and of what it came of, with their messages."""
    return [(type(cause).__name__, message_of(cause)) for cause in causes_of(error)]


def without_persons(event: Any, hint: dict[str, Any]) -> Any:
    """What may leave this machine: only what is named here."""
    for name in ("user", "breadcrumbs", "extra", "server_name", "modules"):
        event.pop(name, None)
    request = event.pop("request", {})
    if method := request.get("method"):
        event["request"] = {"method": method}
    event["tags"] = {"request_id": request_id.current()} if request_id.current() else {}
    causes = dict(chain_of((hint.get("exc_info") or (None, None))[1]))
    for found in event.get("exception", {}).get("values", []):
        found["value"] = causes.get(found.get("type"), "")
    if entry := event.pop("logentry", None):
        # The words as the code has them, without what they were filled with.
        event["logentry"] = {"message": scrubbed(str(entry.get("message", "")))}
    event.pop("message", None)
    if str(event.get("transaction", "")).startswith("/"):
        del event["transaction"]
    return event
