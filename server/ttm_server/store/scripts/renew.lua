#!lua flags=allow-oom
-- RENEW: lengthen the lease of the current owner, also one that has run out unnoticed.
-- KEYS  1 meta, 2 lease
-- ARGV  1 fence, 2 lease in ms
-- reply {GONE} | {FENCED} | {OK}
local m = redis.call('HMGET', KEYS[1], 'fence', 'owner')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[1] ~= ARGV[1] then return {FENCED} end
redis.call('HSET', KEYS[1], 'lease_ms', ARGV[2])
redis.call('SET', KEYS[2], m[2], 'PX', ARGV[2])
return {OK}
