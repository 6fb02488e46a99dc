#!lua flags=allow-oom
-- RENEW: lengthen the lease of the current owner, also one that has run out unnoticed.
-- KEYS  1 meta, 2 lease
-- ARGV  1 fence, 2 lease in ms, 3 trial: '' as it is | 'begin' tried alone from here on, so that
--       a crash is this session's | 'passed' without blame, though the position did not move
-- reply {GONE} | {FENCED} | {OK}
local m = redis.call('HMGET', KEYS[1], 'fence', 'owner')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[1] ~= ARGV[1] then return {FENCED} end
redis.call('HSET', KEYS[1], 'lease_ms', ARGV[2])
if ARGV[3] == 'begin' then redis.call('HSET', KEYS[1], 'trial', 1) end
if ARGV[3] == 'passed' then redis.call('HDEL', KEYS[1], 'trial', 'crashes') end
redis.call('SET', KEYS[2], m[2], 'PX', ARGV[2])
return {OK}
