-- Each request is another user's. A line at the end tells what wrk measured: requests, errors, and microseconds.
local n = 0
function init(args) math.randomseed(os.time()) end
function request()
  n = n + 1
  return wrk.format("GET", wrk.path .. "?user=user-" .. math.random(100000000))
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("LOAD %d %d %d %d %d\n", summary.requests, e.connect + e.read + e.write + e.timeout + e.status,
    latency:percentile(50), latency:percentile(99), summary.duration))
end
