#!lua flags=no-writes
-- INFO: what is known of a session, without its memory.
-- KEYS  1 meta, 2 state
-- ARGV  (none)
-- reply {GONE} | {OK, created_ms, durable, applied, conn, beat_ms, ended, now_ms, memory_bytes,
--        media_s, gaps, model, shape, quarantined_ms, tiered 0|1}; media_s to shape are nil before
--        the first commit, quarantined_ms is what is left of a quarantine, else 0
local m = redis.call('HMGET', KEYS[1], 'created', 'durable', 'applied', 'conn', 'beat', 'ended',
  'quarantined_until', 'tier_bytes')
if not m[1] then return {GONE} end
local s = redis.call('HMGET', KEYS[2], 'media_s', 'gaps', 'model', 'shape')
local now = now_ms()
return {OK, tonumber(m[1]), tonumber(m[2]), tonumber(m[3]), m[4], tonumber(m[5]), tonumber(m[6]),
  now, tonumber(m[8] or redis.call('HSTRLEN', KEYS[2], 'memory')), s[1], s[2], s[3], s[4],
  math.max(0, tonumber(m[7] or 0) - now), m[8] and 1 or 0}
