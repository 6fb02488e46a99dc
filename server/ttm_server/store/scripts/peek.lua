#!lua flags=no-writes
-- PEEK: whether a session has work that nobody is known to be doing, or could leave the store.
-- KEYS  1 meta, 2 lease, 3 asks, 4 state
-- ARGV  (none)
-- reply {GONE} | {OK, waiting chunks or 1 for a flush, live questions, ms for which it is leased or
--        quarantined, ms since its last use (-1: no memory of it is in the store)}
local m = redis.call('HMGET', KEYS[1], 'durable', 'applied', 'quarantined_until', 'lease_ms',
  'ended', 'flushed', 'created', 'beat', 'used')
if not m[1] then return {GONE} end
local now = now_ms()
local asks = redis.call('ZCOUNT', KEYS[3], '(' .. string.format('%.0f', now), '+inf')
local held = math.max(lease_left(KEYS[2], m[4]), tonumber(m[3] or 0) - now)
local unused = -1
if redis.call('HEXISTS', KEYS[4], 'memory') == 1 then
  unused = math.max(0, now - math.max(tonumber(m[7]), tonumber(m[8]), tonumber(m[9] or 0)))
end
return {OK, chunks_left(m[2], m[1], m[5], m[6]), asks, held, unused}
