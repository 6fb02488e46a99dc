#!lua
-- ASK: leave a question for whoever owns the session. It waits for every chunk durable now.
-- KEYS  1 meta, 2 asks, 3 ask_bodies, 4 replies, 5 reply_bodies, 6 lease
-- ARGV  1 ask id, 2 kind and body, 3 time limit in ms, 4 most questions, 5 wake:in, 6 grace in ms,
--       7 conversation (empty: none)
-- reply {GONE} | {QUARANTINED, until_ms} | {FULL, questions}
--       | {OK, barrier, deadline_ms, leased 0|1}
-- A body is kept as '<order> <barrier> <conversation> <kind and body>': deadlines tell no order, they
-- may be equal. asks and replies are sorted by deadline; answered questions count until they are taken.
local m = redis.call('HMGET', KEYS[1], 'durable', 'quarantined_until')
local durable = m[1]
if not durable then return {GONE} end
local now = now_ms()
if m[2] and now < tonumber(m[2]) then return {QUARANTINED, tonumber(m[2])} end
for i = 2, 4, 2 do
  local late = redis.call('ZRANGE', KEYS[i], '-inf', now, 'BYSCORE')
  for _, id in ipairs(late) do
    redis.call('ZREM', KEYS[i], id)
    redis.call('HDEL', KEYS[i + 1], id)
  end
end
local deadline = redis.call('ZSCORE', KEYS[2], ARGV[1])
if deadline then  -- a repeat after a lost reply
  local barrier = string.match(redis.call('HGET', KEYS[3], ARGV[1]), '^%d+ (%d+)')
  return {OK, tonumber(barrier), tonumber(deadline), redis.call('EXISTS', KEYS[6])}
end
local count = redis.call('ZCARD', KEYS[2]) + redis.call('ZCARD', KEYS[4])
if count >= tonumber(ARGV[4]) then return {FULL, count} end
local limit = tonumber(ARGV[3])
redis.call('ZADD', KEYS[2], now + limit, ARGV[1])
redis.call('HSET', KEYS[1], 'used', now)
-- `durable` is the stored text, and %.0f writes all digits: joining them loses none.
local order = string.format('%.0f', redis.call('HINCRBY', KEYS[1], 'asked', 1))
redis.call('HSET', KEYS[3], ARGV[1], table.concat({order, durable, ARGV[7], ARGV[2]}, ' '))
keep(KEYS[2], limit + ARGV[6])
keep(KEYS[3], limit + ARGV[6])
redis.call('PUBLISH', ARGV[5], 'ask')
return {OK, tonumber(durable), now + limit, redis.call('EXISTS', KEYS[6])}
