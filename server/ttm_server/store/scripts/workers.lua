#!lua flags=no-writes
-- WORKERS: how many workers live in each state, and what some of them said.
-- KEYS  1 workers, 2 what each said
-- ARGV  1 longest time in ms for which a beat counts, 2 how many are told
-- reply {OK, now_ms, {state, number, ...}, {what one said, ...}}
-- Those that count for longer than anybody asked were written before the clock was put back.
local now = now_ms()
local ids = redis.call('ZRANGE', KEYS[1], '(' .. string.format('%.0f', now),
  string.format('%.0f', now + ARGV[1]), 'BYSCORE')
local numbers, told = {}, {}
for _, id in ipairs(ids) do
  local state, said = string.match(redis.call('HGET', KEYS[2], id) or '', '^(%a+) (.*)$')
  if state then
    numbers[state] = (numbers[state] or 0) + 1
    if #told < tonumber(ARGV[2]) then told[#told + 1] = said end
  end
end
local flat = {}
for state, number in pairs(numbers) do
  flat[#flat + 1] = state
  flat[#flat + 1] = number
end
return {OK, now, flat, told}
