"""A server of the site that halts in the middle of saving a story, and says so: for a test that kills it there.

    python -m newsportal.tests.halting_server <file that appears when it has halted>

Prints its port.
"""

import sys
import time
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from newsportal.wsgi import application


class Quiet(WSGIRequestHandler):
    def log_message(self, *args) -> None:
        pass


def halt_after_writing(sign: Path) -> None:
    """The story, its bylines and its version are written, and nothing is committed."""
    from articles.models import article

    record = article.record

    def record_and_halt(*args, **kwargs):
        record(*args, **kwargs)
        sign.touch()
        time.sleep(600)

    article.record = record_and_halt


if __name__ == "__main__":
    halt_after_writing(Path(sys.argv[1]))
    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
