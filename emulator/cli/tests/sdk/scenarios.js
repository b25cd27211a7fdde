// The Node device SDK, unpatched, against the emulated Device Provisioning Service.
//
// Usage: node scenarios.js CA_FILE http|mqtt|ws PORT. Over WebSockets the SDK always uses 443.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');
const { createRequire } = require('node:module');
const path = require('node:path');

const [caFile, transportName, port] = process.argv.slice(2);
const sdk = createRequire(path.join(process.cwd(), 'package.json'));
const { ProvisioningDeviceClient } = sdk('azure-iot-provisioning-device');
const { SymmetricKeySecurityClient } = sdk('azure-iot-security-symmetric-key');

const config = JSON.parse(fs.readFileSync(path.join(__dirname, 'config.json')));
const [tutorial, echo] = config.enrollmentGroups.map((group) => group.attestation.symmetricKey.primaryKey);
const [recalled] = config.enrollments;
const [toasters, heatPumps] = config.linkedHubs;
const ca = fs.readFileSync(caFile, 'utf8');

/** A transport, and the host that it is to be given. */
const transports = {
  http() {
    const agent = new https.Agent({ ca });
    agent.defaultPort = Number(port);
    const base = new (sdk('azure-iot-http-base').Http)();
    base.setOptions({ http: { agent } });
    return ['localhost', new (sdk('azure-iot-provisioning-device-http').Http)(base)];
  },
  mqtt() {
    const base = new (sdk('azure-iot-mqtt-base').MqttBase)();
    base.setOptions({ ca });
    return [`localhost:${port}`, new (sdk('azure-iot-provisioning-device-mqtt').Mqtt)(base)];
  },
  ws() {
    const base = new (sdk('azure-iot-mqtt-base').MqttBase)();
    base.setOptions({ ca });
    return ['localhost', new (sdk('azure-iot-provisioning-device-mqtt').MqttWs)(base)];
  },
};

function derive(groupKey, registrationId) {
  return crypto.createHmac('sha256', Buffer.from(groupKey, 'base64')).update(registrationId).digest('base64');
}

function register(registrationId, key, payload) {
  const [host, transport] = transports[transportName]();
  const security = new SymmetricKeySecurityClient(registrationId, key);
  const client = ProvisioningDeviceClient.create(host, config.idScope, transport, security);
  if (payload) {
    client.setProvisioningPayload(payload);
  }
  return client.register();
}

const scenarios = {
  async 'a toaster is assigned by the handler'() {
    const toaster = 'breakroom499-contoso-tstrsd-007';
    const result = await register(toaster, derive(tutorial, toaster));
    assert.equal(result.assignedHub, toasters);
    assert.equal(result.deviceId, toaster);
    assert.equal(result.status, 'assigned');
  },
  async 'a payload travels there and back'() {
    const device = `node-${transportName}-payload`;
    const result = await register(device, derive(echo, device), { firmware: '12.0.2.5' });
    assert.deepEqual(result.payload, { calls: 1, payload: { firmware: '12.0.2.5' }, currentIotHubHostName: null });
  },
  async 'a stranger is refused'() {
    const stranger = 'lobby12-fabrikam-lamp-001';
    const error = await register(stranger, derive(tutorial, stranger)).catch((error) => error);
    assert.equal(error.name, 'ProvisioningRegistrationFailedError');
    assert.equal(error.result.registrationState.errorCode, 400207);
    assert.equal(error.result.registrationState.errorMessage, 'Custom allocation failed with status code: 400');
  },
  async 'a wrong key is refused'() {
    const key = derive(tutorial, 'another');
    const error = await register('breakroom499-contoso-tstrsd-007', key).catch((error) => error);
    assert.equal(error.name, 'UnauthorizedError');
    const body = error.result ?? JSON.parse(error.responseBody);
    assert.equal(body.errorCode, 401002);
  },
  async 'a disabled device is refused'() {
    const key = recalled.attestation.symmetricKey.primaryKey;
    const error = await register(recalled.registrationId, key).catch((error) => error);
    assert.match(error.message, /disabled/);
  },
  async 'a busy webhook assigns in the end'() {
    const device = `busy-node-${transportName}`;
    const result = await register(device, derive(echo, device));
    assert.equal(result.assignedHub, heatPumps);
    assert.equal(result.payload.calls, 3);
  },
  async 'a device registers again and keeps its hub'() {
    const device = `node-${transportName}-again`;
    const first = await register(device, derive(echo, device));
    const again = await register(device, derive(echo, device));
    assert.equal(again.payload.currentIotHubHostName, first.assignedHub);
    assert.equal(again.assignedHub, first.assignedHub);
    assert.equal(again.createdDateTimeUtc, first.createdDateTimeUtc);
    assert.notEqual(again.etag, first.etag);
  },
};

(async () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    await scenario();
    console.log(`ok   node ${transportName}: ${name}`);
  }
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
