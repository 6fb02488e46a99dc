#!lua flags=allow-oom
-- COMMIT: state, position, events and the trim of the input together, or nothing at all.
-- KEYS  1 meta, 2 state, 3 in, 4 events, 5 lease
-- ARGV  1 fence, 2 previous position, 3 new position, 4 first input id to keep, 5 most events,
--       6 wake:out, 7 memory, 8 media_s, 9 gaps, 10 model, 11 shape,
--       12.. pairs of event id and event
-- reply {GONE} | {FENCED} | {CONFLICT, applied, durable} | {INVALID, what}
--       | {ALREADY, applied} | {OK, applied}
-- Runs out of memory too: it frees input, and without it nothing ever would.
local m = redis.call('HMGET', KEYS[1], 'applied', 'durable', 'fence', 'owner', 'lease_ms', 'prev')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[3] ~= ARGV[1] then return {FENCED} end
local applied, durable = tonumber(m[1]), tonumber(m[2])
local prev, new = tonumber(ARGV[2]), tonumber(ARGV[3])
if not prev or not new or new <= prev then return {INVALID, 'position'} end
if ARGV[7] == '' then return {INVALID, 'memory'} end
if not tonumber(ARGV[8]) then return {INVALID, 'media_s'} end
if #ARGV % 2 == 0 then return {INVALID, 'events'} end
if applied == new and m[6] == ARGV[2] then
  redis.call('SET', KEYS[5], m[4], 'PX', m[5])
  return {ALREADY, applied}
end
if applied ~= prev or new > durable then return {CONFLICT, applied, durable} end
redis.call('HSET', KEYS[2], 'memory', ARGV[7], 'media_s', ARGV[8], 'gaps', ARGV[9],
  'model', ARGV[10], 'shape', ARGV[11])
redis.call('HSET', KEYS[1], 'applied', ARGV[3], 'prev', ARGV[2], 'used', now_ms())
redis.call('HDEL', KEYS[1], 'crashes', 'trial')  -- whatever it was suspected of is behind it
for i = 12, #ARGV, 2 do redis.call('XADD', KEYS[4], ARGV[i], 'e', ARGV[i + 1]) end
redis.call('XTRIM', KEYS[4], 'MAXLEN', '=', ARGV[5])
redis.call('XTRIM', KEYS[3], 'MINID', '=', ARGV[4])
redis.call('SET', KEYS[5], m[4], 'PX', m[5])
redis.call('PUBLISH', ARGV[6], 'applied')
return {OK, new}
