#!lua flags=allow-oom
-- CLOSE: a connection leaves. One that has been superseded changes nothing.
-- KEYS  1 meta
-- ARGV  1 connection token, 2 ended 0|1
-- reply {GONE} | {SUPERSEDED} | {OK}
local conn = redis.call('HGET', KEYS[1], 'conn')
if not conn then return {GONE} end
if ARGV[1] == '' or conn ~= ARGV[1] then return {SUPERSEDED} end
redis.call('HSET', KEYS[1], 'conn', '', 'ended', ARGV[2], 'used', now_ms())
return {OK}
