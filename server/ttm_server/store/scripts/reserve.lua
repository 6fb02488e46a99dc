#!lua
-- RESERVE: take a place in the index of sessions, if there is one left.
-- KEYS  1 index
-- ARGV  1 session id, 2 most sessions
-- reply {OK} | {FULL, sessions}
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return {OK} end
local count = redis.call('ZCARD', KEYS[1])
if count >= tonumber(ARGV[2]) then return {FULL, count} end
redis.call('ZADD', KEYS[1], now_ms(), ARGV[1])
return {OK}
