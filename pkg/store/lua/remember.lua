-- Notes whom a local user wrote to, or what he sent, and trims what is known of him.
-- KEYS  the local user's hash: name -> "written-to expires", both in ms, and " note" behind them where there is one
-- ARGV  written-to, expires, now, most, note, then the names
local key, at, expires, now, most = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local value = at .. ' ' .. expires
if ARGV[5] ~= '' then
  value = value .. ' ' .. ARGV[5]
end
for i = 6, #ARGV do
  local written, ends = string.match(redis.call('HGET', key, ARGV[i]) or '', '^(%S+) (%S+)')
  if not written or tonumber(ends) <= now or tonumber(written) <= tonumber(at) then
    redis.call('HSET', key, ARGV[i], value)
  end
end
local live, last = {}, 0
local all = redis.call('HGETALL', key)
for i = 1, #all, 2 do
  local written, ends = string.match(all[i + 1], '^(%S+) (%S+)')
  if tonumber(ends) > now then
    live[#live + 1] = {name = all[i], at = tonumber(written), ends = tonumber(ends)}
  else
    redis.call('HDEL', key, all[i])
  end
end
if #live > most then
  table.sort(live, function(a, b) return a.at > b.at end)
end
for i, entry in ipairs(live) do
  if i > most then
    redis.call('HDEL', key, entry.name)
  elseif entry.ends > last then
    last = entry.ends
  end
end
if last > 0 then
  redis.call('PEXPIRE', key, string.format('%.0f', last - now))
end
return #live
