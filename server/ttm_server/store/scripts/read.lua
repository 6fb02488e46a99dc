#!lua flags=no-writes
-- READ: the committed state with its position, in one look.
-- KEYS  1 meta, 2 state
-- ARGV  (none)
-- reply {GONE} | {OK, applied, tier, memory, media_s, gaps, model, shape}; nil where nothing is
--       stored
local m = redis.call('HMGET', KEYS[1], 'applied', 'tier')
if not m[1] then return {GONE} end
local s = redis.call('HMGET', KEYS[2], 'memory', 'media_s', 'gaps', 'model', 'shape')
return {OK, tonumber(m[1]), m[2], s[1], s[2], s[3], s[4], s[5]}
