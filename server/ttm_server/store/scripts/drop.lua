#!lua flags=allow-oom
-- DROP: forget a question and its reply: taken, timed out or given up.
-- KEYS  1 asks, 2 ask_bodies, 3 replies, 4 reply_bodies
-- ARGV  1 ask id
-- reply {OK}
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
return {OK}
