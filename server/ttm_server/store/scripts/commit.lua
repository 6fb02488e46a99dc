#!lua flags=allow-oom
-- COMMIT: state, position, events and the trim of the input together, or nothing at all.
-- KEYS  1 meta, 2 state, 3 in, 4 events, 5 lease, 6 asks, 7 ask_bodies, 8 replies, 9 reply_bodies
-- ARGV  1 fence, 2 previous position, 3 new position, 4 first input id to keep, 5 most events,
--       6 wake:out, 7 why: 'chunks' | 'flush' the stream has ended here | 'ask' a question that
--       changes the memory, 8 ask id, 9 reply to it, 10 grace of replies in ms,
--       11 memory, 12 media_s, 13 gaps, 14 model, 15 shape, 16 kept, 17.. events
-- reply {GONE} | {FENCED} | {CONFLICT, applied, durable} | {INVALID, what}
--       | {MOVED} flush: the stream goes on, or has gone on | {LOST} ask: nobody waits for it
--       | {ALREADY, applied} | {OK, applied}
-- A flush and an ask may leave the position where it is; each happens once: a flush by the position
-- that it leaves in meta, an ask by its id, and because its reply is stored by the same commit.
-- Runs out of memory too: it frees input, and without it nothing ever would.
local m = redis.call('HMGET', KEYS[1], 'applied', 'durable', 'fence', 'owner', 'lease_ms', 'prev',
  'ended', 'flushed', 'asked_last', 'tier')
if not m[1] then return {GONE} end
if ARGV[1] == '' or m[3] ~= ARGV[1] then return {FENCED} end
local applied, durable = tonumber(m[1]), tonumber(m[2])
local prev, new, why = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[7]
if not prev or not new or new < prev or (why == 'chunks' and new == prev) then
  return {INVALID, 'position'}
end
if ARGV[11] == '' then return {INVALID, 'memory'} end
if not tonumber(ARGV[12]) then return {INVALID, 'media_s'} end
if (why == 'chunks' and applied == new and m[6] == ARGV[2])
  or (why == 'flush' and applied == new and m[8] == ARGV[3])
  or (why == 'ask' and m[9] == ARGV[8]) then
  redis.call('SET', KEYS[5], m[4], 'PX', m[5])
  return {ALREADY, applied}
end
if applied ~= prev or new > durable then return {CONFLICT, applied, durable} end
if m[10] then  -- whoever has not brought a moved memory back cannot have folded into it
  return {CONFLICT, applied, durable}
end
if why == 'flush' and (m[7] ~= '1' or new ~= durable) then return {MOVED} end
if why == 'ask' then
  if not answer(KEYS[6], KEYS[7], KEYS[8], KEYS[9], ARGV[8], ARGV[9], ARGV[10]) then
    return {LOST}
  end
  redis.call('HSET', KEYS[1], 'asked_last', ARGV[8])
end
redis.call('HSET', KEYS[2], 'memory', ARGV[11], 'media_s', ARGV[12], 'gaps', ARGV[13],
  'model', ARGV[14], 'shape', ARGV[15], 'kept', ARGV[16])
redis.call('HSET', KEYS[1], 'applied', ARGV[3], 'prev', ARGV[2], 'used', now_ms())
if why == 'flush' then redis.call('HSET', KEYS[1], 'flushed', ARGV[3]) end
redis.call('HDEL', KEYS[1], 'crashes', 'trial')  -- whatever it was suspected of is behind it
for i = 17, #ARGV do redis.call('XADD', KEYS[4], ARGV[3] .. '-*', 'e', ARGV[i]) end
redis.call('XTRIM', KEYS[4], 'MAXLEN', '=', ARGV[5])
redis.call('XTRIM', KEYS[3], 'MINID', '=', ARGV[4])
redis.call('SET', KEYS[5], m[4], 'PX', m[5])
redis.call('PUBLISH', ARGV[6], 'applied')
return {OK, new}
