#!lua flags=allow-oom
-- BEAT: a worker's sign of life, with what it is doing; a time of 0 takes it out.
-- KEYS  1 workers (by the time until which each counts), 2 what each said
-- ARGV  1 worker id, 2 '<state> <what it said>', 3 time in ms for which it counts
-- reply {OK}
-- Also where memory is full: a worker has one short entry, and those that have died are removed.
local now = now_ms()
local gone = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, 64)
if ARGV[3] == '0' then gone[#gone + 1] = ARGV[1] end
for _, id in ipairs(gone) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
if ARGV[3] == '0' then return {OK} end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
keep(KEYS[1], tonumber(ARGV[3]))
keep(KEYS[2], tonumber(ARGV[3]))
return {OK}
