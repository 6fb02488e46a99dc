#!lua flags=allow-oom
-- EXPIRE: delete a session that nobody has used for so long, or mark it for the next look. Also
-- shortens a lease that a clock that was put back has made longer than anybody asked for.
-- KEYS  1.. all keys of the session: meta, in, state, events, lease, asks first
-- ARGV  1 time without use in ms (0: keep for ever), 2 ms until a connection is stale,
--       3 ms between mark and deletion, 4 wake:in, 5 wake:out
-- reply {GONE} | {FRESH} | {OK, tier}: HASH.ATTEMPT of its object, nil where it has none
-- Only a session that is old at two looks goes: after a jump of the clock all of them look old, and
-- whoever is still there writes a heartbeat before the second. Chunks that wait for a worker count
-- as use for twice the time, so that a long time without workers loses none of them.
local m = redis.call('HMGET', KEYS[1], 'created', 'beat', 'used', 'conn', 'durable', 'applied',
  'doomed', 'lease_ms', 'tier')
if not m[1] then return {GONE} end
local now = now_ms()
local last = math.max(tonumber(m[1]), tonumber(m[2]), tonumber(m[3] or 0))
local limit, lease_ms = tonumber(ARGV[1]), tonumber(m[8] or 0)
if lease_ms > 0 and redis.call('PTTL', KEYS[5]) > lease_ms then
  redis.call('PEXPIRE', KEYS[5], string.format('%.0f', lease_ms))
end
if tonumber(m[5]) > tonumber(m[6]) then limit = limit * 2 end
if limit == 0 or now - last < limit or redis.call('EXISTS', KEYS[5]) == 1
  or m[4] ~= '' and math.abs(now - tonumber(m[2])) < tonumber(ARGV[2])
  or redis.call('ZCOUNT', KEYS[6], '(' .. string.format('%.0f', now), '+inf') > 0 then
  if m[7] then redis.call('HDEL', KEYS[1], 'doomed') end
  return {FRESH}
end
local doomed = m[7] and tonumber(m[7])
if not doomed or doomed > now then
  redis.call('HSET', KEYS[1], 'doomed', string.format('%.0f', now))
  return {FRESH}
end
if now - doomed < tonumber(ARGV[3]) then return {FRESH} end
for i = 1, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('PUBLISH', ARGV[4], 'deleted')
redis.call('PUBLISH', ARGV[5], 'deleted')
return {OK, m[9]}
