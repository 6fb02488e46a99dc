#!lua flags=no-writes
-- PEEK: whether a session has work that nobody is known to be doing.
-- KEYS  1 meta, 2 lease, 3 asks
-- ARGV  (none)
-- reply {GONE} | {OK, waiting chunks, live questions, ms for which it is leased or quarantined}
local m = redis.call('HMGET', KEYS[1], 'durable', 'applied', 'quarantined_until', 'lease_ms')
if not m[1] then return {GONE} end
local now = now_ms()
local asks = redis.call('ZCOUNT', KEYS[3], '(' .. string.format('%.0f', now), '+inf')
local lease = redis.call('PTTL', KEYS[2])
if lease > tonumber(m[4] or lease) then lease = 0 end -- the clock was put back
local held = math.max(0, lease, tonumber(m[3] or 0) - now)
return {OK, tonumber(m[1]) - tonumber(m[2]), asks, held}
