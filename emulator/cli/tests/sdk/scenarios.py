"""The Python device SDK, unpatched, against the emulated Device Provisioning Service.

Usage: scenarios.py CA_FILE mqtt|ws. The SDK can't be told a port: it uses 8883, or 443 for WebSockets.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

from azure.iot.device import X509, ProvisioningDeviceClient, exceptions

CONFIG = json.loads(pathlib.Path(__file__).with_name("config.json").read_text())
TUTORIAL, ECHO = (
    group["attestation"]["symmetricKey"]["primaryKey"] for group in CONFIG["enrollmentGroups"]
)
RECALLED = CONFIG["enrollments"][0]
TOASTERS, HEAT_PUMPS = CONFIG["linkedHubs"]

CA = pathlib.Path(sys.argv[1]).read_text()
TRANSPORT = sys.argv[2]


def derive(group_key, registration_id):
    key = base64.b64decode(group_key)
    return base64.b64encode(hmac.digest(key, registration_id.encode(), hashlib.sha256)).decode()


def register(registration_id, key, payload=None):
    client = ProvisioningDeviceClient.create_from_symmetric_key(
        provisioning_host="localhost",
        registration_id=registration_id,
        id_scope=CONFIG["idScope"],
        symmetric_key=key,
        server_verification_cert=CA,
        websockets=TRANSPORT == "ws",
    )
    if payload is not None:
        client.provisioning_payload = payload
    return client.register()


def told(result):
    """What the webhook told the device; the SDK hands it out as text."""
    return json.loads(result.registration_state.response_payload)


def refused(registration_id, key):
    try:
        result = register(registration_id, key)
    except exceptions.ClientError as error:
        return repr(error.__cause__)
    raise AssertionError(f"{registration_id} was {result.status}")


def a_toaster_is_assigned_by_the_handler():
    toaster = "breakroom499-contoso-tstrsd-007"
    result = register(toaster, derive(TUTORIAL, toaster))
    assert result.status == "assigned", result
    state = result.registration_state
    assert (state.assigned_hub, state.device_id) == (TOASTERS, toaster), vars(state)
    assert state.sub_status == "initialAssignment", state.sub_status


def a_device_with_a_certificate_is_assigned_by_the_handler():
    device = "x509-contoso-tstrsd-007"
    files = pathlib.Path(sys.argv[1]).with_name("x509")
    client = ProvisioningDeviceClient.create_from_x509_certificate(
        provisioning_host="localhost",
        registration_id=device,
        id_scope=CONFIG["idScope"],
        x509=X509(cert_file=str(files / f"{device}.pem"), key_file=str(files / f"{device}-key.pem")),
        server_verification_cert=CA,
        websockets=TRANSPORT == "ws",
    )
    result = client.register()
    assert result.status == "assigned", result
    assert result.registration_state.assigned_hub == TOASTERS, vars(result.registration_state)


def a_payload_travels_there_and_back():
    device = f"python-{TRANSPORT}-payload"
    result = register(device, derive(ECHO, device), {"firmware": "12.0.2.5"})
    echo = told(result)
    assert echo["payload"] == {"firmware": "12.0.2.5"}, echo
    assert echo["currentIotHubHostName"] is None, echo


def a_stranger_is_refused():
    stranger = "lobby12-fabrikam-lamp-001"
    cause = refused(stranger, derive(TUTORIAL, stranger))
    assert "failed" in cause, cause


def a_wrong_key_is_refused():
    cause = refused("breakroom499-contoso-tstrsd-007", derive(TUTORIAL, "another"))
    assert "401" in cause, cause


def a_disabled_device_is_refused():
    key = RECALLED["attestation"]["symmetricKey"]["primaryKey"]
    cause = refused(RECALLED["registrationId"], key)
    assert "disabled" in cause, cause


def a_busy_webhook_assigns_in_the_end():
    device = f"busy-python-{TRANSPORT}"
    result = register(device, derive(ECHO, device))
    assert result.registration_state.assigned_hub == HEAT_PUMPS
    assert told(result)["calls"] == 3


def a_device_registers_again_and_keeps_its_hub():
    device = f"python-{TRANSPORT}-again"
    first = register(device, derive(ECHO, device))
    again = register(device, derive(ECHO, device))
    before, after = first.registration_state, again.registration_state
    assert told(again)["currentIotHubHostName"] == before.assigned_hub
    assert after.assigned_hub == before.assigned_hub
    assert after.created_date_time == before.created_date_time
    assert after.etag != before.etag


for scenario in [
    a_toaster_is_assigned_by_the_handler,
    a_device_with_a_certificate_is_assigned_by_the_handler,
    a_payload_travels_there_and_back,
    a_stranger_is_refused,
    a_wrong_key_is_refused,
    a_disabled_device_is_refused,
    a_busy_webhook_assigns_in_the_end,
    a_device_registers_again_and_keeps_its_hub,
]:
    scenario()
    print(f"ok   python {TRANSPORT}: {scenario.__name__}", flush=True)
