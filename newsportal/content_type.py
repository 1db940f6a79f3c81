"""What a request says of its body: which kind it is, and where its parts end. Of its charset nothing: all that we take is UTF-8.

Forms and JSON are, and none of their kinds knows the parameter (https://url.spec.whatwg.org/#urlencoded-parsing, RFC 7578, 8,
RFC 8259, 11). Django believes it all the same, reads the address by it as well, and fails before any middleware where it is no
charset of text, such as rot13: with an answer that says nothing, and a log that holds what none is to hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict, Callable[..., Any]], Iterable[bytes]]

BOUNDARY = re.compile(r';\s*(boundary=(?:"[^"]*"|[^\s;"]+))', re.IGNORECASE)


def told_plainly(application: Application) -> Application:
    """Django's application, which hears of a body by nothing but that; and of none where there is nothing to read."""

    def asked(environ: dict, start_response: Callable[..., Any]) -> Iterable[bytes]:
        said = environ.pop("CONTENT_TYPE", "")
        if said and environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            environ["CONTENT_TYPE"] = _plain(said)
        return application(environ, start_response)

    return asked


def _plain(said: str) -> str:
    kind = said.partition(";")[0].strip().lower()
    boundary = BOUNDARY.search(said)
    return f"{kind}; {boundary[1]}" if boundary else kind
