#!lua flags=allow-oom
-- SYNC: where a session stands, as a write, so that WAITAOF after it covers what it tells.
-- KEYS  1 meta
-- ARGV  (none)
-- reply {GONE} | {OK, durable, applied}
local m = redis.call('HMGET', KEYS[1], 'durable', 'applied')
if not m[1] then return {GONE} end
redis.call('HSET', KEYS[1], 'synced', now_ms())
return {OK, tonumber(m[1]), tonumber(m[2])}
