#!lua flags=allow-oom
-- CLOSE: a connection leaves. One that has been superseded changes nothing.
-- KEYS  1 meta, 2 lease
-- ARGV  1 connection token, 2 ended 0|1, 3 wake:in
-- reply {GONE} | {SUPERSEDED} | {OK, work left, leased 0|1}
-- What has ended is flushed by whoever owns the session, once all of it is applied.
local m = redis.call('HMGET', KEYS[1], 'conn', 'applied', 'durable', 'flushed')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[1] ~= ARGV[1] then return {SUPERSEDED} end
redis.call('HSET', KEYS[1], 'conn', '', 'ended', ARGV[2], 'used', now_ms())
if ARGV[2] == '1' then redis.call('PUBLISH', ARGV[3], 'ended') end
return {OK, chunks_left(m[2], m[3], ARGV[2], m[4]), redis.call('EXISTS', KEYS[2])}
