"""A WSGI application for tests of the server: says which process answers, and halts where it is asked to.

`/process` answers with the number of the process; `/halt?<file>` makes the file appear and answers once it is gone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/halt":
        sign = Path(environ["QUERY_STRING"])
        sign.touch()
        while sign.exists():
            time.sleep(0.02)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()}\n".encode()]
