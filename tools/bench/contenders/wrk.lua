-- The host's request for an invocation, again and again; at the end the figures as JSON, times in microseconds.
local file = assert(io.open(assert(os.getenv("ENVELOPE")), "rb"))
wrk.method = "POST"
wrk.path = "/HttpTrigger1"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/json; charset=utf-8"
wrk.headers["X-Azure-Functions-InvocationId"] = "0d4d4b3a-7c8c-4f6e-9a53-3c9be2b8d1f1"
wrk.headers["User-Agent"] = "Azure-Functions-Host/4.1052.200.26365"
file:close()

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"duration":%d,"failed":%d,"p50":%f,"p99":%f}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
