#!lua flags=allow-oom
-- LEFT_DUE: take objects that are to be looked at now; whoever takes one has so long for it.
-- KEYS  1 objects that are left over
-- ARGV  1 most, 2 ms until an object that is still there is told again
-- reply {OK, names, how many are noted in all}
local now = now_ms()
local due = redis.call('ZRANGE', KEYS[1], '-inf', string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0,
  ARGV[1])
for _, name in ipairs(due) do redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), name) end
return {OK, due, redis.call('ZCARD', KEYS[1])}
