#!lua
-- INGEST: append one chunk to a session's input, exactly once and in order.
-- KEYS  1 meta, 2 in, 3 lease
-- ARGV  1 connection token, 2 seq, 3 media time t, 4 payload, 5 most waiting chunks, 6 wake:in,
--       7 write in any case 0|1, 8 media time of the chunk's end
-- reply {GONE} | {SUPERSEDED} | {QUARANTINED, until_ms}
--       | {DUPLICATE|GAP|BUSY, durable, applied} | {TIME_BACK, durable, applied, last t}
--       | {OK, durable, applied, leased 0|1}
-- Numbers are never joined to text in here: Lua would round them to 14 digits.
-- first_at and last_at are when the first and the newest chunk came, first_s and last_s the media
-- time at their ends: whether media and wall clock ran alongside. An empty first_at: never known.
-- WAITAOF is about a connection's own writes: where a caller goes on with it, what is not stored
-- (a chunk that was stored before, say) has to be a write as well.
local m = redis.call('HMGET', KEYS[1], 'durable', 'applied', 'conn', 'last_t', 'quarantined_until',
  'first_at')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[3] ~= ARGV[1] then return {SUPERSEDED} end
local now = now_ms()
if m[5] and now < tonumber(m[5]) then return {QUARANTINED, tonumber(m[5])} end
if ARGV[7] == '1' then redis.call('HSET', KEYS[1], 'beat', now) end
local durable, applied, seq = tonumber(m[1]), tonumber(m[2]), tonumber(ARGV[2])
if seq <= durable then return {DUPLICATE, durable, applied} end
if seq ~= durable + 1 then return {GAP, durable, applied} end
if m[4] and tonumber(ARGV[3]) < tonumber(m[4]) then return {TIME_BACK, durable, applied, m[4]} end
if durable - applied >= tonumber(ARGV[5]) then return {BUSY, durable, applied} end
redis.call('XADD', KEYS[2], ARGV[2] .. '-0', 'c', ARGV[4])
redis.call('HSET', KEYS[1], 'durable', ARGV[2], 'last_t', ARGV[3], 'beat', now, 'last_at', now,
  'last_s', ARGV[8])
if not m[6] then redis.call('HSET', KEYS[1], 'first_at', now, 'first_s', ARGV[8]) end
redis.call('PUBLISH', ARGV[6], 'in')
return {OK, seq, applied, redis.call('EXISTS', KEYS[3])}
