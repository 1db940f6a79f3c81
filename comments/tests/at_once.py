"""Several things in the same moment."""

import threading

from django.db import connection


def at_once(*works) -> list[Exception]:
    """What went wrong in threads that begin together, each with a connection of its own."""
    start, wrong = threading.Barrier(len(works)), []

    def run(work):
        try:
            start.wait()
            work()
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return wrong
