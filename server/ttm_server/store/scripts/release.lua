#!lua flags=allow-oom
-- RELEASE: give a session back; its fence is worth nothing afterwards.
-- KEYS  1 meta, 2 lease, 3 asks
-- ARGV  1 fence
-- reply {GONE} | {FENCED} | {OK, waiting chunks, questions}
local m = redis.call('HMGET', KEYS[1], 'fence', 'durable', 'applied')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[1] ~= ARGV[1] then return {FENCED} end
local waiting, asks = tonumber(m[2]) - tonumber(m[3]), redis.call('ZCARD', KEYS[3])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'fence', '', 'owner', '')
redis.call('HDEL', KEYS[1], 'trial')
-- With work left, whoever takes it over has to know that it is under suspicion.
if waiting == 0 and asks == 0 then redis.call('HDEL', KEYS[1], 'crashes') end
return {OK, waiting, asks}
