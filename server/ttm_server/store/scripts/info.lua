#!lua flags=no-writes
-- INFO: what is known of a session, without its memory.
-- KEYS  1 meta, 2 state
-- ARGV  (none)
-- reply {GONE} | {OK, created_ms, durable, applied, conn, beat_ms, ended, now_ms, memory_bytes,
--        media_s, gaps, model, shape}; the last four are nil before the first commit
local m = redis.call('HMGET', KEYS[1], 'created', 'durable', 'applied', 'conn', 'beat', 'ended')
if not m[1] then return {GONE} end
local s = redis.call('HMGET', KEYS[2], 'media_s', 'gaps', 'model', 'shape')
return {OK, tonumber(m[1]), tonumber(m[2]), tonumber(m[3]), m[4], tonumber(m[5]), tonumber(m[6]),
  now_ms(), redis.call('HSTRLEN', KEYS[2], 'memory'), s[1], s[2], s[3], s[4]}
