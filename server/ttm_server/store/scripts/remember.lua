#!lua
-- REMEMBER: keep where a conversation stands, for a while.
-- KEYS  1 meta, 2 talks
-- ARGV  1 conversation, 2 what to keep, 3 most conversations, 4 time to keep in ms
-- reply {GONE} | {OK}
-- Beyond the most, all older conversations are forgotten: they are short, and bounded matters more.
if redis.call('EXISTS', KEYS[1]) == 0 then return {GONE} end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[3]) then
  redis.call('DEL', KEYS[2])
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {OK}
