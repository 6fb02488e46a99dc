#!lua flags=no-writes
-- KEPT: the input that a session's memory has taken in and that is still there.
-- KEYS  1 in
-- ARGV  1 last chunk of it, 2 most chunks
-- reply {OK, {seq, chunk, seq, chunk, ...}} in order
local out = {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], ARGV[1] .. '-0', '-', 'COUNT', ARGV[2])) do
  table.insert(out, 1, entry[2][2])
  table.insert(out, 1, (string.gsub(entry[1], '-0$', '')))
end
return {OK, out}
