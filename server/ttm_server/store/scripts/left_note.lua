#!lua flags=allow-oom
-- LEFT_NOTE: note an object that may have to be deleted.
-- KEYS  1 objects that are left over
-- ARGV  1 name of the object, 2 ms until somebody looks
-- reply {OK}
redis.call('ZADD', KEYS[1], now_ms() + tonumber(ARGV[2]), ARGV[1])
return {OK}
