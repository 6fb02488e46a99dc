#!lua flags=allow-oom
-- UNUSED: whether an object of a session may be deleted: nobody has it, and nobody will.
-- KEYS  1 meta, 2 lease
-- ARGV  1 HASH.ATTEMPT of the object, 2 ATTEMPT, made of the fence under which it was written
-- reply {OK} | {ALREADY} the session's memory is in it | {HELD} whoever writes it may still do that
-- A fence that is not current any more moves nothing out; one that is, and whose lease has run out,
-- is made worthless here. The owner stays noted, so that its end is still noticed.
local m = redis.call('HMGET', KEYS[1], 'fence', 'tier', 'lease_ms')
if not m[1] then return {OK} end
if m[2] == ARGV[1] then return {ALREADY} end
if m[1] == '' or string.sub(redis.sha1hex(m[1]), 1, #ARGV[2]) ~= ARGV[2] then return {OK} end
if lease_left(KEYS[2], m[3]) > 0 then return {HELD} end
redis.call('HSET', KEYS[1], 'fence', '')
return {OK}
