#!lua flags=no-writes
-- TAKE: look for the reply to a question. It stays until DROP, so that a lost look can be repeated.
-- KEYS  1 meta, 2 asks, 3 reply_bodies
-- ARGV  1 ask id
-- reply {GONE} | {PENDING} | {LOST} | {OK, reply}
if redis.call('EXISTS', KEYS[1]) == 0 then return {GONE} end
local reply = redis.call('HGET', KEYS[3], ARGV[1])
if reply then return {OK, reply} end
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return {PENDING} end
return {LOST}
