#!lua flags=no-writes
-- PEEK: whether a session has work that nobody is known to be doing.
-- KEYS  1 meta, 2 lease, 3 asks
-- ARGV  (none)
-- reply {GONE} | {OK, waiting chunks, live questions, leased 0|1}
local m = redis.call('HMGET', KEYS[1], 'durable', 'applied')
if not m[1] then return {GONE} end
local asks = redis.call('ZCOUNT', KEYS[3], '(' .. string.format('%.0f', now_ms()), '+inf')
return {OK, tonumber(m[1]) - tonumber(m[2]), asks, redis.call('EXISTS', KEYS[2])}
