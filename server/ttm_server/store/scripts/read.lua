#!lua flags=no-writes
-- READ: the committed state with its position, in one look.
-- KEYS  1 meta, 2 state
-- ARGV  (none)
-- reply {GONE} | {OK, applied, memory, media_s, gaps, model, shape}; nil where nothing is stored
local applied = redis.call('HGET', KEYS[1], 'applied')
if not applied then return {GONE} end
local s = redis.call('HMGET', KEYS[2], 'memory', 'media_s', 'gaps', 'model', 'shape')
return {OK, tonumber(applied), s[1], s[2], s[3], s[4], s[5]}
