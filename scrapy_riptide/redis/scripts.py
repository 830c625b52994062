"""What happens to the queue in one piece: Lua that Redis runs, nothing else in between.

The queue is seven keys. An entry is either waiting or leased.

====================  ==========  ==================================================================
key                   type        holds
====================  ==========  ==================================================================
``...``               sorted set  the ids of waiting entries, by priority and then by age
``...:entries``       hash        an id's request, serialized
``...:leases``        sorted set  the ids of leased entries, by the millisecond at which a lease ends
``...:holders``       hash        a leased id's worker, and the place among the waiting to go back to
``...:losses``        hash        how many leases of an id have run out
``...:given_up``      hash        the requests of which too many leases ran out
``...:sequence``      number      the last id
====================  ==========  ==================================================================

Time is Redis's alone: the clocks of workers may differ.
"""

_COMMON = """
local waiting, entries, leases, holders, losses, given_up, sequence = unpack(KEYS)

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function place_if_held(id, worker)
  local held = redis.call('HGET', holders, id)
  local holder, place = string.match(held or '', '^(%S+) (%S+)$')
  if holder == worker then return place end
end

local function acknowledge(worker, first, last)
  local lost = 0
  for index = first, last do
    local id = ARGV[index]
    if place_if_held(id, worker) then
      redis.call('ZREM', leases, id)
      for _, key in ipairs({entries, holders, losses}) do redis.call('HDEL', key, id) end
    else
      lost = lost + 1
    end
  end
  return lost
end
"""

#: KEYS: the queue's, then the duplicates filter's. ARGV: fingerprint or '', place, request.
#: 1, or 0 for a duplicate. That a request is known and that it is in the queue become true at once:
#: a worker killed between the two would have lost it for good.
PUSH = (
    _COMMON
    + """
local fingerprint, place, request = ARGV[1], ARGV[2], ARGV[3]
if fingerprint ~= '' and redis.call('SADD', KEYS[8], fingerprint) == 0 then return 0 end
-- Equal places are ordered by id: the older first.
local id = string.format('%016x', redis.call('INCR', sequence))
redis.call('HSET', entries, id, request)
redis.call('ZADD', waiting, place, id)
return 1
"""
)

#: ARGV: worker, length of a lease in ms, leases that may run out, ids that are done.
#: {id or '', request, leases the worker had lost of those done, leases that had run out, requests given up}
TAKE = (
    _COMMON
    + """
local worker, lease_ms, allowed = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local lost = acknowledge(worker, 4, #ARGV)
local now = now_ms()

local run_out = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 100)
local hopeless = {}
for _, id in ipairs(run_out) do
  local place = string.match(redis.call('HGET', holders, id), '(%S+)$')
  redis.call('ZREM', leases, id)
  redis.call('HDEL', holders, id)
  if redis.call('HINCRBY', losses, id, 1) < allowed then
    redis.call('ZADD', waiting, place, id)
  else
    local request = redis.call('HGET', entries, id)
    redis.call('HSET', given_up, id, request)
    redis.call('HDEL', entries, id)
    redis.call('HDEL', losses, id)
    table.insert(hopeless, request)
  end
end

local first = redis.call('ZPOPMIN', waiting)
if #first == 0 then return {'', '', lost, #run_out, hopeless} end
local id, place = first[1], first[2]
redis.call('ZADD', leases, now + lease_ms, id)
redis.call('HSET', holders, id, worker .. ' ' .. place)
return {id, redis.call('HGET', entries, id), lost, #run_out, hopeless}
"""
)

#: ARGV: worker, length of a lease in ms, how many of the ids that follow are done, those, those at work.
#: {leases the worker had lost of those done, the ids at work whose lease it has lost}
RENEW = (
    _COMMON
    + """
local worker, lease_ms, done = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local lost_done = acknowledge(worker, 4, 3 + done)
local ends = now_ms() + lease_ms
local lost = {}
for index = 4 + done, #ARGV do
  local id = ARGV[index]
  if place_if_held(id, worker) then
    redis.call('ZADD', leases, ends, id)
  else
    table.insert(lost, id)
  end
end
return {lost_done, lost}
"""
)
