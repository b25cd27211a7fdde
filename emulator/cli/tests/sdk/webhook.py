"""An allocation webhook that echoes: what the handler's policy can't show of payloads, retries and current hubs.

A device whose registration id starts with "busy" gets 503 on its first two calls. Prints its port.
"""

import collections
import http.server
import json

HUB = "contoso-heatpumps-hub-1098.azure-devices.net"
calls = collections.Counter()


class Webhook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        device = request["deviceRuntimeContext"]
        calls[device["registrationId"]] += 1
        if device["registrationId"].startswith("busy") and calls[device["registrationId"]] <= 2:
            return self.answer(503, b"busy")
        echo = {
            "calls": calls[device["registrationId"]],
            "payload": device.get("payload"),
            "currentIotHubHostName": device.get("currentIotHubHostName"),
        }
        self.answer(200, json.dumps({"iotHubHostName": HUB, "payload": echo}).encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
print(server.server_port, flush=True)
server.serve_forever()
