"""Enrollments as they are wanted, from a file, and what must change for a record to become one."""

import copy
import json

from .app import key_in
from .az import Failure

REPROVISION = {
    "migrate": {"updateHubAssignment": True, "migrateDeviceData": True},
    "reset": {"updateHubAssignment": True, "migrateDeviceData": False},
    "never": {"updateHubAssignment": False, "migrateDeviceData": False},
}

FUNCTIONS = {"allocation": "HttpTrigger1", "digital-twins": "DpsAdtAllocationFunc"}

FIELDS = {
    "id": str,
    "app": str,
    "function": str,
    "deviceId": str,
    "hubs": list,
    "attestation": dict,
    "reprovision": str,
    "edge": bool,
    "enabled": bool,
    "initialTwin": dict,
}

WEBHOOK_API = "2021-10-01"


class Wanted:
    """One enrollment of the file."""

    def __init__(self, kind, fields, where):
        self.kind = kind
        for field, value in fields.items():
            if field not in FIELDS:
                raise Failure(f"{where}: there is no '{field}'; known are {', '.join(FIELDS)}")
            if not isinstance(value, FIELDS[field]):
                raise Failure(f"{where}: '{field}' must be {TYPES[FIELDS[field]]}")
        self.id = fields.get("id", "")
        if not self.id:
            raise Failure(f"{where}: 'id' is missing")
        self.app = fields.get("app", "allocation")
        if self.app not in FUNCTIONS:
            raise Failure(f"{where}: 'app' must be {' or '.join(FUNCTIONS)}")
        self.function = fields.get("function", FUNCTIONS[self.app])
        self.hubs = fields.get("hubs")
        if self.hubs is not None and (not self.hubs or not all(isinstance(hub, str) and "." in hub for hub in self.hubs)):
            raise Failure(f"{where}: 'hubs' must be a list of host names; without it, all linked hubs count")
        self.attestation = fields.get("attestation", {"type": "symmetricKey"})
        self.check_attestation(where)
        reprovision = fields.get("reprovision", "migrate")
        if reprovision not in REPROVISION:
            raise Failure(f"{where}: 'reprovision' must be one of {', '.join(REPROVISION)}")
        self.reprovision = REPROVISION[reprovision]
        self.edge = fields.get("edge", False)
        self.enabled = fields.get("enabled", True)
        self.initial_twin = fields.get("initialTwin")
        self.device_id = fields.get("deviceId")
        if self.device_id is not None and kind == "group":
            raise Failure(f"{where}: a group has no 'deviceId'")

    def check_attestation(self, where):
        kind = self.attestation.get("type")
        if kind not in ("symmetricKey", "x509", "tpm"):
            raise Failure(f"{where}: the attestation's type must be symmetricKey, x509 or tpm")
        if kind == "symmetricKey" and set(self.attestation) != {"type"}:
            raise Failure(f"{where}: keys have no place in a file: the service makes them")
        if kind != "symmetricKey" and kind not in self.attestation:
            raise Failure(f"{where}: the attestation lacks '{kind}'")

    def settings(self, webhook):
        """What the record must have, by the names of the service."""
        settings = {
            "provisioningStatus": "enabled" if self.enabled else "disabled",
            "allocationPolicy": "custom",
            "customAllocationDefinition": {"webhookUrl": webhook, "apiVersion": WEBHOOK_API},
            "reprovisionPolicy": self.reprovision,
            "capabilities": {"iotEdge": self.edge},
            "iotHubs": self.hubs or [],
        }
        if self.initial_twin is not None:
            settings["initialTwin"] = self.initial_twin
        if self.device_id is not None:
            settings["deviceId"] = self.device_id
        return settings

    def new(self, webhook):
        """The record of an enrollment that isn't there yet."""
        identifier = {"group": "enrollmentGroupId", "individual": "registrationId"}[self.kind]
        record = {identifier: self.id, "attestation": self.attestation, **self.settings(webhook)}
        if not record["iotHubs"]:
            del record["iotHubs"]
        return record

    def changed(self, record, webhook):
        """The record as it must become, and the names of what changes."""
        if record["attestation"].get("type") != self.attestation["type"]:
            raise Failure(
                f"the {self.kind} {self.id} attests by {record['attestation'].get('type')}: delete it first, "
                f"as its devices can't come back by {self.attestation['type']}"
            )
        new = copy.deepcopy(record)
        names = []
        for name, value in self.settings(webhook).items():
            if not is_same(name, record.get(name), value):
                new[name] = value
                names.append(name)
        if self.attestation["type"] != "symmetricKey" and not holds(record["attestation"], self.attestation):
            new["attestation"] = self.attestation
            names.append("attestation")
        return new, names


TYPES = {str: "text", list: "a list", dict: "an object", bool: "true or false"}


def is_same(name, found, wanted):
    """Whether the record has what is wanted, in the service's own spelling."""
    if name == "allocationPolicy":
        return isinstance(found, str) and found.lower() == wanted
    if name == "provisioningStatus":
        return (found or "enabled").lower() == wanted
    if name == "iotHubs":
        return sorted(hub.lower() for hub in found or []) == sorted(hub.lower() for hub in wanted)
    if name == "capabilities":
        return (found or {}).get("iotEdge", False) == wanted["iotEdge"]
    if name == "customAllocationDefinition":
        found = found or {}
        url, key = found.get("webhookUrl") or "", key_in(found.get("webhookUrl"))
        same_place = url.partition("?")[0].lower() == wanted["webhookUrl"].partition("?")[0].lower()
        return same_place and key == key_in(wanted["webhookUrl"]) and found.get("apiVersion") == wanted["apiVersion"]
    return holds(found, wanted)


def holds(found, wanted):
    """Whether all that is wanted is there; the service may add to it."""
    if isinstance(wanted, dict):
        found = found if isinstance(found, dict) else {}
        return all(holds(found.get(name), value) for name, value in wanted.items())
    return found == wanted or (found is None and wanted in ({}, []))


def read(path):
    """The enrollments of a file."""
    try:
        with open(path, encoding="utf-8") as file:
            wanted = json.load(file)
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise Failure(f"{path} is not JSON: {error}") from None
    if not isinstance(wanted, dict) or not set(wanted) <= {"groups", "individuals"}:
        raise Failure(f"{path} must be an object with 'groups' and 'individuals'")
    found = []
    for kind, name in (("group", "groups"), ("individual", "individuals")):
        records = wanted.get(name, [])
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise Failure(f"{path}: '{name}' must be a list of objects")
        for index, fields in enumerate(records):
            one = Wanted(kind, fields, f"{path}: {name}[{index}]")
            if any(other.kind == kind and other.id.lower() == one.id.lower() for other in found):
                raise Failure(f"{path}: the {kind} {one.id} is there twice")
            found.append(one)
    return found
