#!lua flags=allow-oom
-- PROGRESS: where a session stands, and a heartbeat of the connection that looks.
-- KEYS  1 meta, 2 events
-- ARGV  1 connection token, 2 event id to go on after, 3 most events,
--       4 heartbeat interval in ms (0: always)
-- Runs out of memory too: acknowledgements of what was applied must reach the sender then.
-- reply {GONE} | {OK, durable, applied, current 0|1, events as {id, fields} pairs}
local m = redis.call('HMGET', KEYS[1], 'durable', 'applied', 'conn', 'beat')
if not m[1] then return {GONE} end
local current = (ARGV[1] ~= '' and m[3] == ARGV[1]) and 1 or 0
if current == 1 then
  local now = now_ms()
  -- Not at every look: each write goes to the append-only file.
  local since = now - tonumber(m[4])  -- below zero where the clock was put back
  if since < 0 or since >= tonumber(ARGV[4]) then redis.call('HSET', KEYS[1], 'beat', now) end
end
local events = redis.call('XRANGE', KEYS[2], '(' .. ARGV[2], '+', 'COUNT', ARGV[3])
return {OK, tonumber(m[1]), tonumber(m[2]), current, events}
