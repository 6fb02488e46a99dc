#!lua
-- BRING_BACK: the owner puts a moved memory and its kept input back where they were.
-- KEYS  1 meta, 2 state, 3 in, 4 lease
-- ARGV  1 fence, 2 HASH.ATTEMPT of the object, 3 memory, 4.. kept input: id, chunk, id, chunk, ...
-- reply {GONE} | {FENCED} | {CONFLICT} | {ALREADY} | {OK}
-- What waits came later, and a stream takes nothing in before its last entry: so it is added again.
local m = redis.call('HMGET', KEYS[1], 'fence', 'tier', 'owner', 'lease_ms')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[1] ~= ARGV[1] then return {FENCED} end
if not m[2] then return {ALREADY} end  -- under this very fence
if m[2] ~= ARGV[2] then return {CONFLICT} end
redis.call('HSET', KEYS[2], 'memory', ARGV[3])
if #ARGV > 3 then
  local waiting = redis.call('XRANGE', KEYS[3], '-', '+')
  redis.call('DEL', KEYS[3])
  for i = 4, #ARGV, 2 do redis.call('XADD', KEYS[3], ARGV[i], 'c', ARGV[i + 1]) end
  for _, entry in ipairs(waiting) do redis.call('XADD', KEYS[3], entry[1], unpack(entry[2])) end
end
redis.call('HDEL', KEYS[1], 'tier', 'tier_bytes')
redis.call('HSET', KEYS[1], 'used', now_ms())
redis.call('SET', KEYS[4], m[3], 'PX', m[4])
return {OK}
