#!lua flags=allow-oom
-- ACQUIRE: own a session's memory under a new fence; reads the state in the same look.
-- KEYS  1 meta, 2 state, 3 lease
-- ARGV  1 owner, 2 new fence, 3 lease in ms
-- reply {GONE} | {HELD}
--       | {OK, applied, durable, memory, media_s, gaps, model, shape}; nil where nothing is stored
-- The fence lies in meta, which does not expire; the lease is only there to save work.
local m = redis.call('HMGET', KEYS[1], 'applied', 'durable', 'owner')
if not m[1] then return {GONE} end
if m[3] ~= ARGV[1] and redis.call('EXISTS', KEYS[3]) == 1 then return {HELD} end
redis.call('HSET', KEYS[1], 'fence', ARGV[2], 'owner', ARGV[1], 'lease_ms', ARGV[3])
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[3])
local s = redis.call('HMGET', KEYS[2], 'memory', 'media_s', 'gaps', 'model', 'shape')
return {OK, tonumber(m[1]), tonumber(m[2]), s[1], s[2], s[3], s[4], s[5]}
