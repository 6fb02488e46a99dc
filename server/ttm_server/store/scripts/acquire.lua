#!lua flags=allow-oom
-- ACQUIRE: own a session's memory under a new fence; reads the state in the same look.
-- KEYS  1 meta, 2 state, 3 lease, 4 asks, 5 ask_bodies, 6 replies, 7 reply_bodies
-- ARGV  1 owner, 2 new fence, 3 lease in ms, 4 crashes before quarantine, 5 quarantine in ms,
--       6 refusal of a question as JSON, without `ask_id`, 7 wake:out, 8 grace in ms
-- reply {GONE} | {HELD} | {QUARANTINED, until_ms}
--       | {OK, applied, durable, crashes, tier, kept, memory, media_s, gaps, model, shape}; nil
--         where nothing is stored
-- The fence lies in meta, which does not expire; the lease is only there to save work.
local m = redis.call('HMGET', KEYS[1], 'applied', 'durable', 'owner', 'crashes', 'trial',
  'quarantined_until', 'lease_ms', 'ended', 'flushed', 'tier')
if not m[1] then return {GONE} end
local leased = lease_left(KEYS[3], m[7]) > 0
if leased and m[3] ~= ARGV[1] then return {HELD} end
local now = now_ms()
if m[6] and now < tonumber(m[6]) then return {QUARANTINED, tonumber(m[6])} end
local crashes = tonumber(m[4] or 0)
local waiting = redis.call('ZRANGE', KEYS[4], '(' .. string.format('%.0f', now), '+inf', 'BYSCORE',
  'WITHSCORES')
local had_work = chunks_left(m[1], m[2], m[8], m[9]) > 0 or #waiting > 0
if m[3] ~= '' and not leased and had_work then
  -- The last owner ended without releasing. The first time anything it worked on may have been
  -- the cause; after that only a session that was tried alone is blamed.
  if crashes == 0 or m[5] then crashes = crashes + 1 end
  redis.call('HSET', KEYS[1], 'crashes', crashes)
  redis.call('HDEL', KEYS[1], 'trial')
  if m[5] and crashes >= tonumber(ARGV[4]) then
    local till = now + tonumber(ARGV[5])
    redis.call('HSET', KEYS[1], 'quarantined_until', string.format('%.0f', till), 'fence', '',
      'owner', '')
    for i = 1, #waiting, 2 do
      redis.call('ZREM', KEYS[4], waiting[i])
      redis.call('HDEL', KEYS[5], waiting[i])
      redis.call('ZADD', KEYS[6], waiting[i + 1], waiting[i])
      redis.call('HSET', KEYS[7], waiting[i],
        '{"ask_id":"' .. waiting[i] .. '",' .. string.sub(ARGV[6], 2))
      keep(KEYS[6], waiting[i + 1] - now + ARGV[8])
      keep(KEYS[7], waiting[i + 1] - now + ARGV[8])
    end
    redis.call('PUBLISH', ARGV[7], 'quarantined')
    return {QUARANTINED, till}
  end
end
redis.call('HDEL', KEYS[1], 'quarantined_until')
redis.call('HSET', KEYS[1], 'fence', ARGV[2], 'owner', ARGV[1], 'lease_ms', ARGV[3])
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[3])
local s = redis.call('HMGET', KEYS[2], 'memory', 'media_s', 'gaps', 'model', 'shape', 'kept')
return {OK, tonumber(m[1]), tonumber(m[2]), crashes, m[10], s[6], s[1], s[2], s[3], s[4], s[5]}
