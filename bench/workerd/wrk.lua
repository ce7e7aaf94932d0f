-- What wrk sends: the file named by its argument holds one Authorization value a line ("-" for none), taken in turn. Writes
-- one line of JSON at the end, for traffic.mjs; judges nothing.

local requests, at = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local headers = { ["Host"] = "acme.localhost", ["Accept"] = "application/json", ["User-Agent"] = "wrk" }
    if line ~= "-" then headers["Authorization"] = line end
    requests[#requests + 1] = wrk.format("GET", "/orders/17?page=2", headers)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50":%d,"p99":%d,"refused":%d,"lost":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
