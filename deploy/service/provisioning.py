"""The enrollments of a Device Provisioning Service, through its own API."""

from urllib.parse import quote

from . import az
from .az import Failure
from .app import expect

ARM_API = "2022-12-12"
API = "api-version=2021-10-01"
AUDIENCE = "https://azure-devices-provisioning.net"
TRIES = 5

# What the service says of a record, and never takes.
ANSWERED = ("createdDateTimeUtc", "lastUpdatedDateTimeUtc", "registrationState")

KINDS = {"group": "enrollmentGroups", "individual": "enrollments"}
ID = {"group": "enrollmentGroupId", "individual": "registrationId"}


class Moved(Exception):
    """Somebody else changed the record meanwhile: read it again."""


class ProvisioningService:
    """One service in a resource group of the current subscription."""

    def __init__(self, group, name):
        path = (
            f"/subscriptions/{{subscriptionId}}/resourceGroups/{quote(group)}"
            f"/providers/Microsoft.Devices/provisioningServices/{quote(name)}"
        )
        body = expect(az.send("get", f"{path}?api-version={ARM_API}"), f"the service {name}")
        self.name = name
        self.host = body["properties"]["serviceOperationsHostName"]

    def request(self, method, path, body=None, headers=None):
        url = f"https://{self.host}/{path}?{API}"
        return az.patiently(
            lambda: az.send(method, url, body=body, headers=headers, resource=AUDIENCE),
            (401, 403),
            30,
            f"{self.name} does not let you in; a new role takes some minutes",
        )

    def get(self, kind, name):
        """The record; None where there is none."""
        response = self.request("get", record_path(kind, name))
        if response.status == 404:
            return None
        return expect(response, f"the {kind} {name}")

    def put(self, kind, name, record, etag):
        """Writes a record: a new one without an etag, else the one that still has it."""
        headers = {"Content-Type": "application/json"}
        if etag is not None:
            headers["If-Match"] = '"' + etag.strip('"') + '"'
        response = self.request("put", record_path(kind, name), body=record, headers=headers)
        # 409: somebody made it first. 412: somebody changed it. 404: somebody deleted it.
        if response.status in (409, 412) or (response.status == 404 and etag is not None):
            raise Moved
        return expect(response, f"the {kind} {name}")

    def update(self, kind, name, change):
        """Reads the record, lets `change` make a new one of it, and writes that, until nobody was faster.

        `change` gets the record, or None where there is none, and returns the new one, or None where
        nothing is to be written. What is returned here is the record that `change` was last given.
        """
        for _ in range(TRIES):
            record = self.get(kind, name)
            changed = change(record)
            if changed is None:
                return record
            changed = {member: value for member, value in changed.items() if member not in ANSWERED}
            try:
                if record is not None:
                    changed["attestation"] = self.attestation(kind, name, changed["attestation"])
                self.put(kind, name, changed, None if record is None else record["etag"])
                return record
            except Moved:
                print(f"  {kind} {name} was changed by somebody else: reading it again", flush=True)
        raise Failure(f"the {kind} {name} is changed all the time by somebody else: try again later")

    def attestation(self, kind, name, attestation):
        """The attestation with its keys, which a record lacks: written without them it could get new ones."""
        if attestation.get("type") != "symmetricKey":
            return attestation
        response = self.request("post", f"{record_path(kind, name)}/attestationmechanism")
        if response.status == 404:
            raise Moved
        return expect(response, f"the keys of the {kind} {name}")

    def all(self, kind):
        """All records, page by page."""
        continuation = None
        while True:
            headers = {"x-ms-max-item-count": "100"}
            if continuation:
                headers["x-ms-continuation"] = continuation
            response = self.request("post", f"{KINDS[kind]}/query", body={"query": "SELECT *"}, headers=headers)
            if not response.is_ok or not isinstance(response.body, list):
                raise Failure(f"the {kind}s of {self.name}: {response.status} {response.message}")
            yield from response.body
            continuation = response.headers.get("x-ms-continuation")
            if not continuation:
                return


def record_path(kind, name):
    return f"{KINDS[kind]}/{quote(name, safe='')}"
