#!lua
-- OPEN: give the sending side to a new connection; the one before it is superseded from here on.
-- KEYS  1 meta, 2 events
-- ARGV  1 connection token, 2 wake:out
-- reply {GONE} | {OK, durable, applied, last event id}
local m = redis.call('HMGET', KEYS[1], 'durable', 'applied')
if not m[1] then return {GONE} end
redis.call('HSET', KEYS[1], 'conn', ARGV[1], 'beat', now_ms(), 'ended', 0)
redis.call('PUBLISH', ARGV[2], 'opened')
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
return {OK, tonumber(m[1]), tonumber(m[2]), last[1] and last[1][1] or '0-0'}
