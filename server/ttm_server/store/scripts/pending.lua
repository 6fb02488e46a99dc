#!lua flags=no-writes
-- PENDING: what of a session waits besides chunks: the flush of a stream that has ended, and the
-- questions that can be answered now, earliest deadline first. Of a conversation only the one that
-- was asked first: the next one may lean on its answer, and is told after it.
-- KEYS  1 meta, 2 asks, 3 ask_bodies, 4 conversations
-- ARGV  (none)
-- reply {GONE} | {OK, conn, beat_ms, now_ms, {first_at, first_s, last_at, last_s},
--        position to flush at (-1: none), {id, body, context, id, body, context, ...}}; nil where
--        nothing is stored
local m = redis.call('HMGET', KEYS[1], 'conn', 'beat', 'first_at', 'first_s', 'last_at', 'last_s',
  'durable', 'ended', 'flushed')
if not m[1] then return {GONE} end
local now = now_ms()
local bodies, conversations, orders, firsts = {}, {}, {}, {}
local live = redis.call('ZRANGE', KEYS[2], '(' .. string.format('%.0f', now), '+inf', 'BYSCORE')
for i, id in ipairs(live) do
  local body = redis.call('HGET', KEYS[3], id)
  if body then
    local order, conversation = string.match(body, '^(%d+) %d+ (%S*) ')
    bodies[i], conversations[i], orders[i] = body, conversation, tonumber(order)
    local first = firsts[conversation]
    if not first or orders[i] < first then firsts[conversation] = orders[i] end
  end
end
local out = {}
for i, id in ipairs(live) do
  local conversation = conversations[i]
  if conversation and (conversation == '' or orders[i] == firsts[conversation]) then
    out[#out + 1] = id
    out[#out + 1] = bodies[i]
    out[#out + 1] = conversation ~= '' and redis.call('HGET', KEYS[4], conversation)
  end
end
-- Also told while chunks still wait for their step.
local due = chunks_left(m[7], m[7], m[8], m[9]) > 0
return {OK, m[1], tonumber(m[2]), now, {m[3], m[4], m[5], m[6]}, due and tonumber(m[7]) or -1, out}
