"""A Function App: its host name, and the keys of its functions."""

import re
import secrets
from urllib.parse import parse_qs, quote, urlsplit

from . import az
from .az import Failure

API = "2025-03-01"

# Keys of ours are called dps-1, dps-2 and so on: a new one for each rotation.
OURS = re.compile(r"dps-([1-9][0-9]*)")

# A key is known to a new instance a moment later than to the one that stored it.
ACCEPTED = 3
TRIES = 20


class FunctionApp:
    """One app in a resource group of the current subscription."""

    def __init__(self, group, name):
        self.name = name
        self.path = (
            f"/subscriptions/{{subscriptionId}}/resourceGroups/{quote(group)}"
            f"/providers/Microsoft.Web/sites/{quote(name)}"
        )
        self.host = expect(az.send("get", f"{self.path}?api-version={API}"), f"the app {name}")[
            "properties"
        ]["defaultHostName"]

    def keys(self, function):
        """The function's keys by their names."""
        response = az.patiently(
            lambda: az.send("post", f"{self.path}/functions/{function}/listkeys?api-version={API}"),
            (400, 404),
            6,
            f"{self.name} has no keys yet",
        )
        if not response.is_ok:
            raise Failure(
                f"{self.name} gives no keys of {function} ({response.status}): a host that does not run has none. "
                f"Was the code deployed? {response.message}"
            )
        return {name: value for name, value in response.body.items() if isinstance(value, str)}

    def set_key(self, function, key):
        """Makes the key, or gives it a new value."""
        value = secrets.token_urlsafe(40)
        response = az.send(
            "put",
            f"{self.path}/functions/{function}/keys/{key}?api-version={API}",
            body={"properties": {"name": key, "value": value}},
        )
        expect(response, f"the key {key} of {function}")

    def delete_key(self, function, key):
        """Revokes the key; one that is gone is revoked."""
        response = az.send("delete", f"{self.path}/functions/{function}/keys/{key}?api-version={API}")
        if response.status != 404:
            expect(response, f"the key {key} of {function}", has_body=False)

    def try_key(self, function, value):
        """Waits until the function lets this key in, so that no device is refused for want of it."""
        accepted = 0
        for _ in range(TRIES):
            # Not a request for an allocation: the function answers 400. Anything else is the host's.
            response = az.send_once(
                "post",
                f"https://{self.host}/api/{function}",
                {},
                {"x-functions-key": value},
                None,
                signed=False,
            )
            accepted = accepted + 1 if response.status == 400 else 0
            if accepted == ACCEPTED:
                return
            if accepted == 0:
                az.time.sleep(az.seconds(response, 4))
        raise Failure(
            f"{self.name} does not let the key of {function} in, it answers {response.status}: "
            "no enrollment was changed; try again later"
        )

    def webhook(self, function, value):
        """The webhook's URL."""
        return f"https://{self.host}/api/{function}?code={quote(value, safe='')}"

    def is_webhook(self, function, url):
        """Whether the URL is that of this function, with whatever key."""
        parts = urlsplit(url or "")
        return (parts.hostname or "").lower() == self.host.lower() and (
            parts.path.lower().rstrip("/") == f"/api/{function}".lower()
        )


def key_in(url):
    """The key in a webhook's URL; nothing where the service hides it."""
    codes = parse_qs(urlsplit(url or "").query).get("code", [""])
    return None if set(codes[0]) <= {"*"} else codes[0]


def ours(keys):
    """The names of our keys, the newest last."""
    return sorted((name for name in keys if OURS.fullmatch(name)), key=number)


def number(name):
    return int(OURS.fullmatch(name).group(1))


def expect(response, what, has_body=True):
    """The body of a response that must be good."""
    if not response.is_ok or (has_body and not isinstance(response.body, dict)):
        raise Failure(f"{what}: {response.status} {response.message}")
    return response.body
