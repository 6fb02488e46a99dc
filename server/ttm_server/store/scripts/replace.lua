#!lua
-- REPLACE: put another memory in a session's place. Positions stay; whoever owns the session is
-- fenced, so that waiting chunks are folded into the new memory and none into the old one. With a
-- new memory its past crashes and its quarantine are forgotten, and the input that only the old one
-- has taken in goes.
-- KEYS  1 meta, 2 state, 3 lease, 4 in
-- ARGV  1 memory, 2 media_s, 3 gaps, 4 model, 5 shape, 6 wake:in, 7 wake:out
-- reply {GONE} | {INVALID} | {OK, tier}: the object that held the old memory, nil where none did
local applied = redis.call('HGET', KEYS[1], 'applied')
local tier = redis.call('HGET', KEYS[1], 'tier')
if not applied then return {GONE} end
if ARGV[1] == '' or not tonumber(ARGV[2]) then return {INVALID} end
redis.call('HSET', KEYS[2], 'memory', ARGV[1], 'media_s', ARGV[2], 'gaps', ARGV[3],
  'model', ARGV[4], 'shape', ARGV[5])
redis.call('HDEL', KEYS[2], 'kept')
redis.call('XTRIM', KEYS[4], 'MINID', '=', after(applied))
-- When the new memory's media was recorded is not known, so first_at is empty.
redis.call('HSET', KEYS[1], 'fence', '', 'owner', '', 'first_at', '', 'used', now_ms())
redis.call('HDEL', KEYS[1], 'crashes', 'trial', 'quarantined_until', 'flushed', 'tier', 'tier_bytes')
redis.call('DEL', KEYS[3])
redis.call('PUBLISH', ARGV[6], 'replaced')
redis.call('PUBLISH', ARGV[7], 'replaced')
return {OK, tier}
