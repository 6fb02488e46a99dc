#!lua flags=no-writes
-- LIST: session ids in order of creation, from the one after `after`.
-- KEYS  1 index
-- ARGV  1 after (empty: from the first), 2 limit
-- reply {OK, ids} | {GONE} when `after` is not in the index
local first = 0
if ARGV[1] ~= '' then
  local rank = redis.call('ZRANK', KEYS[1], ARGV[1])
  if not rank then return {GONE} end
  first = rank + 1
end
return {OK, redis.call('ZRANGE', KEYS[1], first, first + tonumber(ARGV[2]) - 1)}
