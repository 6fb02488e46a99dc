#!lua
-- CREATE: begin a session, empty or with a given state. A repeat changes nothing.
-- KEYS  1 meta, 2 state
-- ARGV  1 position of the given state, 2 memory (empty: none), 3 media_s, 4 gaps, 5 model, 6 shape
-- reply {OK, created_ms}
local created = redis.call('HGET', KEYS[1], 'created')
if created then return {OK, tonumber(created)} end
local now = now_ms()
redis.call('HSET', KEYS[1], 'layout', 1, 'created', now, 'durable', ARGV[1], 'applied', ARGV[1],
  'conn', '', 'beat', 0, 'ended', 0, 'fence', '', 'owner', '')
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], 'first_at', '')  -- when its media was recorded is not known
  redis.call('HSET', KEYS[2], 'memory', ARGV[2], 'media_s', ARGV[3], 'gaps', ARGV[4],
    'model', ARGV[5], 'shape', ARGV[6])
end
return {OK, now}
