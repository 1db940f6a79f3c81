"""Whether the node in this container answers: for its health check. Asks by a name that the site answers to."""

import os
import urllib.request

host = os.environ["ALLOWED_HOSTS"].split(",")[0].strip()
urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8000/healthz", headers={"Host": host}), timeout=3)
