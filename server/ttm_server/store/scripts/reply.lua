#!lua flags=allow-oom
-- REPLY: the owner answers a question; an answer that nobody waits for any more is dropped.
-- KEYS  1 meta, 2 asks, 3 ask_bodies, 4 replies, 5 reply_bodies, 6 conversations
-- ARGV  1 fence, 2 ask id, 3 reply, 4 wake:out, 5 grace in ms, 6 conversation, 7 where it stands
--       after this answer (empty: as before), 8 most conversations, 9 time to keep them in ms,
--       10 wake:in
-- reply {GONE} | {FENCED} | {LOST} | {OK}
-- Beyond the most, all older conversations are evicted: they are short, and bounded matters more.
local fence = redis.call('HGET', KEYS[1], 'fence')
if not fence then return {GONE} end
if ARGV[1] == '' or fence ~= ARGV[1] then return {FENCED} end
if not answer(KEYS[2], KEYS[3], KEYS[4], KEYS[5], ARGV[2], ARGV[3], ARGV[5]) then return {LOST} end
if ARGV[7] ~= '' then
  local known = redis.call('HEXISTS', KEYS[6], ARGV[6]) == 1
  if not known and redis.call('HLEN', KEYS[6]) >= tonumber(ARGV[8]) then
    redis.call('DEL', KEYS[6])
  end
  redis.call('HSET', KEYS[6], ARGV[6], ARGV[7])
  redis.call('PEXPIRE', KEYS[6], ARGV[9])
end
redis.call('PUBLISH', ARGV[4], 'reply')
if ARGV[6] ~= '' then redis.call('PUBLISH', ARGV[10], 'ask') end  -- its next question may be told
return {OK}
