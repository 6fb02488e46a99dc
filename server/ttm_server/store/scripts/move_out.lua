#!lua flags=allow-oom
-- MOVE_OUT: an idle session's memory leaves the store; a whole object holds it by now. What stays is
-- its record, without an owner. Nothing happens where anything waits or has changed.
-- KEYS  1 meta, 2 state, 3 in, 4 events, 5 lease, 6 asks
-- ARGV  1 fence, 2 position, 3 HASH.ATTEMPT of the object, 4 chunks of kept input in it,
--       5 ms until a connection is stale
-- reply {GONE} | {ALREADY} | {FENCED} | {CONFLICT} | {OK}
-- Only the owner changes the memory and what is kept before the position, so that the fence tells
-- that both are as they were read. The lease has to be live: whoever comes later than that may find
-- the object deleted. Events are told to connections alone, and none is there.
local m = redis.call('HMGET', KEYS[1], 'fence', 'applied', 'durable', 'ended', 'flushed', 'conn',
  'beat', 'tier', 'lease_ms')
if not m[1] then return {GONE} end
if m[8] == ARGV[3] then return {ALREADY} end
if ARGV[1] == '' or m[1] ~= ARGV[1] then return {FENCED} end
local now = now_ms()
local stored = redis.call('HSTRLEN', KEYS[2], 'memory')
if m[8] or stored == 0 or lease_left(KEYS[5], m[9]) == 0 or m[2] ~= ARGV[2] or chunks_left(m[2], m[3], m[4], m[5]) > 0
  or redis.call('XLEN', KEYS[3]) ~= tonumber(ARGV[4])
  or m[6] ~= '' and math.abs(now - tonumber(m[7])) < tonumber(ARGV[5])
  or redis.call('ZCOUNT', KEYS[6], '(' .. string.format('%.0f', now), '+inf') > 0 then
  return {CONFLICT}
end
redis.call('HSET', KEYS[1], 'tier', ARGV[3], 'tier_bytes', stored, 'fence', '', 'owner', '')
redis.call('HDEL', KEYS[1], 'crashes', 'trial')
redis.call('HDEL', KEYS[2], 'memory')
redis.call('DEL', KEYS[3], KEYS[5])
redis.call('XTRIM', KEYS[4], 'MAXLEN', '=', 0)  -- the stream itself stays: ids never run backwards
return {OK}
