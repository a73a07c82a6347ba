/** A Lua script as data: what it takes, by name and in order, and its text. */
export interface Script<Key extends string, Arg extends string> {
  /** Names of KEYS[1], KEYS[2], … */
  readonly keys: readonly Key[];
  /** Names of ARGV[1], ARGV[2], … */
  readonly args: readonly Arg[];
  readonly lua: string;
}

/**
 * The compare-and-set on one binding: `settle` of src/sessions/settle.ts, in Lua, atomic in Redis.
 * Touches one key, so that it runs on a cluster too. Inside: GET, and SET when it writes.
 * Answers `{ verdict, epoch, pod, home, cause, from }`, all strings; from is the pod of the binding that was found, or "".
 *
 * KEYS binding: mooring:s:{sid}
 * ARGV op: touch, create, find, rebind, rebind2 or revoke · epoch, pod: the caller's · to: the candidate · home · cause ·
 *      created, exp: ms since the epoch · ttl: ms · via: scope and host, or "". Pods are 12 hex digits.
 */
export const SWAP: Script<
  "binding",
  "op" | "epoch" | "pod" | "to" | "home" | "cause" | "created" | "exp" | "ttl" | "via"
> = {
  keys: ["binding"],
  args: ["op", "epoch", "pod", "to", "home", "cause", "created", "exp", "ttl", "via"],
  lua: `
local binding = KEYS[1]
local op, epoch, pod, to, home = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local cause, created, exp, ttl, via = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]

local function number(text, digits)
  if text and #text >= 1 and #text <= digits and string.find(text, '^[0-9]+$') then return tonumber(text) end
end

local function tag(text)
  return text and #text == 12 and string.find(text, '^[0-9a-f]+$')
end

-- Anything that does not parse whole counts as absent; so does a key of another type (an error, thus a table).
local function parse(value)
  if type(value) ~= 'string' then return nil end
  local e, p, h, state, c, born, ends, last =
    string.match(value, '^([^|]*)|([^|]*)|([^|]*)|([AR])|([a-z0-9-]*)|([0-9]*)|([0-9]*)(.*)$')
  local n = number(e, 10)
  if not n or n < 1 or n > 4294967295 or #c > 32 then return nil end
  if not (tag(p) and tag(h) and number(born, 15) and number(ends, 15)) then return nil end
  -- Older versions did not say by which route it came.
  local of = last == '' and '' or string.match(last, '^|([a-z0-9.@*/:_-]+)$')
  if not of or #of > 512 then return nil end
  return { epoch = n, pod = p, home = h, state = state, cause = c, created = born, exp = ends, via = of }
end

local moves = op == 'rebind' or op == 'rebind2'
local keyed = op == 'create' or op == 'find'

local known = parse(redis.pcall('GET', binding))
local ended = known and known.state == 'R' and known.epoch < epoch and op ~= 'revoke'
if ended then known = nil end
local from = known and known.pod or ''
if via == '' and known then via = known.via end

local function answer(verdict, e, p, h, c)
  return { verdict, string.format('%.0f', e), p, h, c, from }
end

local function put(verdict, e, p, h, state, c, born, ends)
  local value = table.concat({ string.format('%.0f', e), p, h, state, c, born, ends }, '|')
  if via ~= '' then value = value .. '|' .. via end
  -- A revocation lives until exp, or an old cookie would resurrect the session.
  if state == 'R' then redis.call('SET', binding, value, 'PXAT', ends)
  else redis.call('SET', binding, value, 'PX', ttl) end
  return answer(verdict, e, p, h, c)
end

local function write(verdict, e, p, h, state, c)
  local born, ends = created, exp
  if known then
    born = known.created
    if tonumber(known.exp) > tonumber(exp) then ends = known.exp end
  end
  return put(verdict, e, p, h, state, c, born, ends)
end

local function win(e) return write('WON', e + 1, to, home, 'A', cause) end
local function begin(e, c) return put('WON', e + 1, to, to, 'A', c, created, exp) end

if op == 'revoke' then
  if known and known.epoch >= epoch then
    return write('REVOKED', known.epoch + 1, known.pod, known.home, 'R', cause)
  end
  return write('REVOKED', epoch + 1, pod, home, 'R', cause)
end
if not known or known.epoch < epoch then
  if moves then return win(epoch) end
  if op == 'create' and epoch == 0 then return begin(0, '') end
  if op == 'find' and epoch == 0 then return answer('ABSENT', 0, pod, home, '') end
  return write('KEPT', epoch, pod, home, 'A', ended and op == 'create' and 'revoked' or '')
end
if known.state == 'R' then
  if op == 'create' then return begin(known.epoch, 'revoked') end
  return answer('REVOKED', known.epoch, known.pod, known.home, known.cause)
end
if keyed and tonumber(known.exp) < tonumber(created) then
  if op == 'create' then return begin(known.epoch, 'expired-idle') end
  return answer('ABSENT', known.epoch, known.pod, known.home, 'expired-idle')
end
if known.epoch == epoch and known.pod == pod then
  if moves then return win(epoch) end
  return write('KEPT', known.epoch, known.pod, known.home, 'A', known.cause)
end
if op == 'rebind2' and known.pod == pod then return win(known.epoch) end
if keyed then return write('ADOPT', known.epoch, known.pod, known.home, 'A', known.cause) end
return answer('ADOPT', known.epoch, known.pod, known.home, known.cause)
`,
};
