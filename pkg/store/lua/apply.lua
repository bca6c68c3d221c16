-- Adds a batch of counters, once. A step of its own for Redis: nothing happens between its parts.
-- KEYS  the node's seq, then the key of each day and hour
-- ARGV  seq, its retention (ms), then for each key: its retention, how many counters, and that many pairs of name and amount
local last = redis.call('GET', KEYS[1])
-- Decimal numbers as strings: Lua's are doubles and would round above 2^53.
if last and (#last > #ARGV[1] or (#last == #ARGV[1] and last >= ARGV[1])) then
  return 0
end
for k = 2, #KEYS do -- before anything is written, for Redis undoes nothing
  local kind = redis.call('TYPE', KEYS[k]).ok
  if kind ~= 'none' and kind ~= 'hash' then
    return redis.error_reply('WRONGTYPE ' .. KEYS[k] .. ' is a ' .. kind .. ', want a hash')
  end
end
-- The seq first: if what follows failed in the middle, it were better counted in part than again and again.
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local i = 3
for k = 2, #KEYS do
  local retention, n = ARGV[i], tonumber(ARGV[i + 1])
  i = i + 2
  for _ = 1, n do
    redis.call('HINCRBY', KEYS[k], ARGV[i], ARGV[i + 1])
    i = i + 2
  end
  redis.call('PEXPIRE', KEYS[k], retention)
end
return 1
