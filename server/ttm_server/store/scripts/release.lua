#!lua flags=allow-oom
-- RELEASE: give a session back; its fence is worth nothing afterwards.
-- KEYS  1 meta, 2 lease, 3 asks
-- ARGV  1 fence
-- reply {GONE} | {FENCED} | {OK, waiting chunks, questions}
local m = redis.call('HMGET', KEYS[1], 'fence', 'durable', 'applied')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[1] ~= ARGV[1] then return {FENCED} end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'fence', '', 'owner', '')
return {OK, tonumber(m[2]) - tonumber(m[3]), redis.call('ZCARD', KEYS[3])}
