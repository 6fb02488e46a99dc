#!lua flags=no-writes
-- PEEK: whether a session has work that nobody is known to be doing.
-- KEYS  1 meta, 2 lease, 3 asks
-- ARGV  (none)
-- reply {GONE} | {OK, waiting chunks or 1 for a flush, live questions, ms for which it is leased or quarantined}
local m = redis.call('HMGET', KEYS[1], 'durable', 'applied', 'quarantined_until', 'lease_ms',
  'ended', 'flushed')
if not m[1] then return {GONE} end
local now = now_ms()
local asks = redis.call('ZCOUNT', KEYS[3], '(' .. string.format('%.0f', now), '+inf')
local held = math.max(lease_left(KEYS[2], m[4]), tonumber(m[3] or 0) - now)
return {OK, chunks_left(m[2], m[1], m[5], m[6]), asks, held}
