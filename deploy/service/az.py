"""Requests to Azure through `az rest`, which signs in.

Bodies and headers go through standard input, as arguments can be read by others on the machine. What
`az` prints is kept in memory: `--verbose` gives the status and the headers of the response, and also
the request with its keys, so nothing of it is shown but the service's own message, with keys hidden.
"""

import ast
import json
import os
import re
import subprocess
import time

# Azure's answer to too many requests, and to trouble of its own.
PASSING = (429, 500, 502, 503, 504)
TRIES = 8
LONGEST_WAIT = 60

# How often something is asked that is not there yet, but will be.
PATIENCE = 10

# A user's own settings for az must not hide what is read here, or write it to a file.
ENVIRONMENT = {
    "AZURE_CORE_ONLY_SHOW_ERRORS": "false",
    "AZURE_CORE_NO_COLOR": "true",
    "AZURE_LOGGING_ENABLE_LOG_FILE": "false",
    "AZURE_CORE_COLLECT_TELEMETRY": "false",
}


class Failure(Exception):
    """What ends a command: one sentence, without secrets."""


class Response:
    """A response that Azure gave."""

    def __init__(self, status, headers, body, message):
        self.status = status
        self.headers = headers
        self.body = body
        self.message = message

    @property
    def is_ok(self):
        return self.status < 300


def hide(text):
    """The text without keys: those in a webhook's query, and members that hold one."""
    text = re.sub(r"(?i)([?&]code=)[^&\"'\s)]*", r"\1****", text)
    return re.sub(r"(?i)(key\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\"'\s,;}\\]+", r"\1****", text)


def send(method, url, body=None, headers=None, resource=None, signed=True):
    """Sends a request, and sends it again while the service is busy."""
    for attempt in range(1, TRIES + 1):
        response = send_once(method, url, body, headers, resource, signed)
        if response.status not in PASSING or attempt == TRIES:
            return response
        wait = seconds(response, 2**attempt)
        print(f"  the service is busy ({response.status}): again in {wait} s", flush=True)
        time.sleep(wait)
    raise AssertionError("unreachable")


def patiently(request, statuses, wait, why):
    """Makes a request until it is answered otherwise than with these statuses, which `why` explains."""
    for attempt in range(1, PATIENCE + 1):
        response = request()
        if response.status not in statuses or attempt == PATIENCE:
            return response
        pause = seconds(response, wait)
        print(f"  {why} ({response.status}): again in {pause} s", flush=True)
        time.sleep(pause)
    raise AssertionError("unreachable")


def seconds(response, otherwise):
    """How long to wait: what the service asks for, if it does."""
    asked = response.headers.get("retry-after", "")
    return min(int(asked) if asked.isdecimal() else otherwise, LONGEST_WAIT)


def send_once(method, url, body, headers, resource, signed):
    command = ["az", "rest", "--verbose", "--output", "json", "--method", method, "--url", url]
    command += ["--resource", resource] if resource else []
    command += [] if signed else ["--skip-authorization-header"]
    standard_input = ""
    if not signed:
        # The one request whose headers are secret has no secret in its body.
        command += ["--headers", "@-", "--body", json.dumps(body)]
        standard_input = json.dumps(headers)
    else:
        command += ["--headers", json.dumps(headers)] if headers else []
        if body is not None:
            command += ["--body", "@-"]
            standard_input = json.dumps(body)
    try:
        done = subprocess.run(
            command,
            input=standard_input,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **ENVIRONMENT},
        )
    except OSError:
        raise Failure("cannot run `az`: install the Azure CLI") from None
    status = re.search(r"^(?:INFO: )?Response status: (\d+)\s*$", done.stderr, re.MULTILINE)
    if status is None:
        raise Failure(f"az: {said(done.stderr)}")
    status = int(status.group(1))
    return Response(status, response_headers(done.stderr), json_of(done.stdout), said(done.stderr))


def response_headers(printed):
    """The headers of the response, their names in lower case."""
    headers = {}
    _, _, rest = printed.partition("Response headers:")
    for name, value in re.findall(r"^(?:INFO: )? +('[^\n]*?'): ('[^\n]*'|\"[^\n]*\")\s*$", rest, re.MULTILINE):
        headers[ast.literal_eval(name).lower()] = ast.literal_eval(value)
    return headers


def json_of(printed):
    try:
        return json.loads(printed)
    except ValueError:
        return None


def said(printed):
    """The last error that az printed, without secrets."""
    errors = re.findall(r"^(?:ERROR: )(.*)$", printed, re.MULTILINE)
    text = errors[-1] if errors else "it ended without an error or a response"
    message = re.search(r'"[Mm]essage": ?"([^"]*)"', text)
    reason = text.partition("(")[0].strip()
    return hide(f"{reason}: {message.group(1)}" if message else text)
