#!lua flags=allow-oom
-- RELEASE: give a session back; its fence is worth nothing afterwards.
-- KEYS  1 meta, 2 lease, 3 asks, 4 in
-- ARGV  1 fence, 2 1: this memory cannot be flushed, so do not wait for that and keep no input that
--       it has taken in
-- reply {GONE} | {FENCED} | {OK, waiting chunks or 1 for a flush, questions}
local m = redis.call('HMGET', KEYS[1], 'fence', 'durable', 'applied', 'ended', 'flushed')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[1] ~= ARGV[1] then return {FENCED} end
if ARGV[2] == '1' then
  redis.call('HSET', KEYS[1], 'flushed', m[3])
  redis.call('XTRIM', KEYS[4], 'MINID', '=', after(m[3]))
  m[5] = m[3]
end
local waiting, asks = chunks_left(m[3], m[2], m[4], m[5]), redis.call('ZCARD', KEYS[3])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'fence', '', 'owner', '')
redis.call('HDEL', KEYS[1], 'trial')
-- With work left, whoever takes it over has to know that it is under suspicion.
if waiting == 0 and asks == 0 then redis.call('HDEL', KEYS[1], 'crashes') end
return {OK, waiting, asks}
