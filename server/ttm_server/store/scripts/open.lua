#!lua
-- OPEN: give the sending side to a new connection; the one before it is superseded from here on.
-- KEYS  1 meta, 2 events
-- ARGV  1 connection token, 2 wake:out
-- reply {GONE} | {QUARANTINED, until_ms} | {OK, durable, applied, last event id}
local m = redis.call('HMGET', KEYS[1], 'durable', 'applied', 'quarantined_until')
if not m[1] then return {GONE} end
local now = now_ms()
if m[3] and now < tonumber(m[3]) then return {QUARANTINED, tonumber(m[3])} end
redis.call('HSET', KEYS[1], 'conn', ARGV[1], 'beat', now, 'ended', 0)
redis.call('PUBLISH', ARGV[2], 'opened')
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
return {OK, tonumber(m[1]), tonumber(m[2]), last[1] and last[1][1] or '0-0'}
