#!lua flags=no-writes
-- PENDING: the questions that can still be answered in time, earliest deadline first.
-- KEYS  1 meta, 2 asks, 3 ask_bodies
-- ARGV  (none)
-- reply {GONE} | {OK, {id, deadline_ms, body, id, deadline_ms, body, ...}}
if redis.call('EXISTS', KEYS[1]) == 0 then return {GONE} end
local out = {}
local live = redis.call('ZRANGE', KEYS[2], '(' .. string.format('%.0f', now_ms()), '+inf',
  'BYSCORE', 'WITHSCORES')
for i = 1, #live, 2 do
  local body = redis.call('HGET', KEYS[3], live[i])
  if body then
    out[#out + 1] = live[i]
    out[#out + 1] = tonumber(live[i + 1])
    out[#out + 1] = body
  end
end
return {OK, out}
