#!lua flags=allow-oom
-- DELETE: remove every key of a session and tell whoever works on it.
-- KEYS  1.. all keys of the session, meta first
-- ARGV  1 wake:in, 2 wake:out
-- reply {GONE} | {OK, tier}: HASH.ATTEMPT of its object, nil where it has none; leftovers are removed in both cases
local known = redis.call('EXISTS', KEYS[1])
local tier = redis.call('HGET', KEYS[1], 'tier')
for i = 1, #KEYS do redis.call('DEL', KEYS[i]) end
if known == 0 then return {GONE} end
redis.call('PUBLISH', ARGV[1], 'deleted')
redis.call('PUBLISH', ARGV[2], 'deleted')
return {OK, tier}
