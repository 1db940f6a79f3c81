"""Load by wrk, and what the server says that it has cost."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any

from benchmarks.servers import HOST, Server

#: Seconds within which a server has done what it was asked before.
AT_REST = 5
#: Of a header: another address with each request, of a range that is set apart for this (RFC 2544).
ANY_ADDRESS = "ANY ADDRESS"
#: Requests of one connection go through `paths` in turn, each connection from another place on.
SCRIPT = """
local paths = {%(paths)s}
local at = math.random(#paths)
local number = 0
function address() return string.format("198.%%d.%%d.%%d", math.random(18, 19), math.random(0, 255), math.random(1, 254)) end
function request()
  at = at %% #paths + 1
  number = number + 1
  local body = %(body)s
  if body then body = body:gsub("NUMBER", tostring(math.random(1000000000)) .. "-" .. number) end
  return wrk.format(%(method)s, paths[at], {%(headers)s}, body)
end
function init(args) math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) %% 100000) ; at = math.random(#paths) end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\nRESULT {"requests": %%d, "duration": %%d, "p50": %%f, "p95": %%f, "p99": %%f, "errors": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class Case:
    """One kind of request: addresses that are asked for in turn, and what is sent with them.

    `later`: for how many seconds the server may put off a part of what they cost.
    """

    name: str
    paths: list[str]
    method: str = "GET"
    headers: dict[str, str] | None = None
    body: str = ""
    later: float = 0


@dataclass(frozen=True)
class Measured:
    """cpu in milliseconds of the server a request; p50, p95 and p99 in milliseconds."""

    cpu: float
    per_second: float
    p50: float
    p95: float
    p99: float
    requests: int
    errors: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(server: Server, case: Case, *, connections: int, seconds: float) -> Measured:
    """Ask for `seconds`. wrk counts as an error what is answered by 400 or more."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "requests.lua"
        headers = {"Host": HOST, **(case.headers or {})}
        script.write_text(
            SCRIPT
            % {
                "paths": ", ".join(map(_lua, case.paths)),
                "headers": ", ".join(f"[{_lua(name)}]={_value(value)}" for name, value in headers.items()),
                "method": _lua(case.method),
                "body": _lua(case.body) if case.body else "nil",
            }
        )
        command = ["wrk", "--threads", "1", "--connections", str(connections), "--script", str(script)]
        # wrk counts in whole seconds.
        command += ["--duration", f"{max(1, round(seconds))}s", f"http://{HOST}:{server.port}"]
        _wait_for_rest(server)
        before = server.cpu_seconds()
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if case.later:
            time.sleep(case.later)
            _wait_for_rest(server)
        used = server.cpu_seconds() - before
    result = json.loads(told.partition("RESULT ")[2])
    requests = max(1, result["requests"])
    return Measured(
        cpu=used / requests * 1000,
        per_second=requests / (result["duration"] / 1e6),
        p50=result["p50"] / 1000, p95=result["p95"] / 1000, p99=result["p99"] / 1000,
        requests=requests, errors=result["errors"],
    )  # fmt: skip


def _wait_for_rest(server: Server) -> None:
    """What was asked before and nobody waits for any more is done first: after a screen of the desk that is a second of work."""
    used, end = -1.0, time.monotonic() + AT_REST
    while used != (used := server.cpu_seconds()) and time.monotonic() < end:
        time.sleep(0.1)


def fetch(port: int, path: str, **headers: str) -> tuple[int, HTTPMessage, bytes]:
    connection = HTTPConnection(HOST, port, timeout=60)
    connection.request("GET", path, headers={"Host": HOST, **headers})
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def warm(server: Server, case: Case, times: int = 20) -> Iterator[int]:
    """Ask for each address, or for the only one some times: what is read once in a process has been read then."""
    if case.method == "GET":
        for path in (case.paths * times)[: max(times, len(case.paths))]:
            yield fetch(server.port, path, **(case.headers or {}))[0]


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


def _value(header: str) -> str:
    return "address()" if header == ANY_ADDRESS else _lua(header)


def _lua(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)
