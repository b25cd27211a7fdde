// The tutorial's policy as a custom handler on Node's http, in one process.
//
// It does the handler's work but for two things, to its own advantage: it masks no secrets in the function's log, and it
// writes no line of its own for an invocation.
import { createServer } from 'node:http';

const MAX_LOGGED = 4096;

const RULES = [
  {
    family: 'toaster',
    registrationIdContains: '-contoso-tstrsd-007',
    hubContains: '-toasters-',
    noHub: 'No toasters hub found for the enrollment.',
    initialTwin: {
      properties: { desired: { state: 'ready', darknessSetting: 'medium' } },
      tags: { deviceType: 'toaster' },
    },
  },
  {
    family: 'heat pump',
    registrationIdContains: '-contoso-hpsd-088',
    hubContains: '-heatpumps-',
    noHub: 'No heat pumps hub found for the enrollment.',
    initialTwin: {
      properties: { desired: { state: 'on', temperatureSetting: '65' } },
      tags: { deviceType: 'heatpump' },
    },
  },
];

function allocate(request) {
  const registrationId = request.deviceRuntimeContext?.registrationId;
  if (registrationId == null) return refusal('Registration ID not provided for the device.');
  if (request.linkedHubs == null) return refusal('No hub group defined for the enrollment.');
  const rule = RULES.find((rule) => registrationId.includes(rule.registrationIdContains));
  if (!rule) return refusal('Unrecognized device registration.');
  const hub = request.linkedHubs.findLast((hub) => hub.includes(rule.hubContains));
  if (!hub) return refusal(rule.noHub);
  return {
    statusCode: 200,
    contentType: 'application/json',
    body: JSON.stringify({ iotHubHostName: hub, initialTwin: rule.initialTwin }),
    decision: `${rule.family} assigned to ${hub}`,
  };
}

function refusal(sentence) {
  return { statusCode: 400, contentType: 'text/plain', body: sentence, decision: sentence };
}

function reply(text) {
  try {
    return allocate(JSON.parse(text));
  } catch {
    return refusal('The request body is no AllocationRequest.');
  }
}

function invoke(envelope) {
  const request = JSON.parse(envelope).Data.req.Body;
  const { statusCode, contentType, body, decision } = reply(request);
  return JSON.stringify({
    Outputs: { res: { statusCode, headers: { 'Content-Type': contentType }, body } },
    Logs: ['Request.Body:...', request.slice(0, MAX_LOGGED), decision, 'Response', body],
    ReturnValue: null,
  });
}

function serve() {
  const server = createServer((request, response) => {
    if (request.method === 'GET') return response.end('ready');
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      try {
        const answer = Buffer.from(invoke(Buffer.concat(chunks).toString()));
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length });
        response.end(answer);
      } catch (error) {
        response.writeHead(400).end(String(error));
      }
    });
  });
  server.listen(Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT), '127.0.0.1');
}

serve();
