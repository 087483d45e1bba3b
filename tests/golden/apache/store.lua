--
-- Ansible managed
--
-- Role sciportal.hosting.identity: tickets, sessions and tokens. Each is a secret that somebody is told once, and a file that says what it
-- is good for. The file's name is whose it is and one of a few places, so that nobody fills the disk; of the secret it has a sum only.

local ROOT = "/var/lib/sciportal-access/"
-- How many of a kind somebody has at most. Who has more tickets or sessions loses one of them; more tokens are not made.
local PLACES = { tickets = 32, sessions = 256, tokens = 20 }

local sha256 = dofile("/etc/apache2/sciportal/sha256.lua")
local store = {}

local function random(bytes)
    local file = assert(io.open("/dev/urandom", "rb"))
    local found = file:read(bytes)
    file:close()
    return (found:gsub(".", function(each)
        return ("%02x"):format(each:byte())
    end))
end

-- 256 random bits: whoever has not been told them does not find them.
function store.secret()
    return random(32)
end

function store.is_secret(text)
    return text and #text == 64 and not text:find("[^0-9a-f]")
end

-- Somebody, in as many characters as a secret begins with.
function store.whose(...)
    return sha256(table.concat({ ... }, "\n")):sub(1, 16)
end

local function path(kind, whose, place)
    return ROOT .. kind .. "/" .. whose .. ("%02x"):format(place)
end

local function path_of(kind, secret)
    return ROOT .. kind .. "/" .. secret:sub(1, 18)
end

-- What was written, a line for each thing.
local function read(file_name)
    local file = io.open(file_name, "r")
    if not file then
        return nil
    end
    local found = {}
    for line in file:lines() do
        local key, value = line:match("^(%a+)=(.*)$")
        if key then
            found[key] = value
        end
    end
    file:close()
    return found
end

-- Puts a whole file in place, so that nobody reads half of one.
local function write(file_name, said)
    local new = file_name .. "." .. random(8)
    local file = assert(io.open(new, "w"))
    for key, value in pairs(said) do
        -- A line end in a value would begin another one.
        assert(file:write(key, "=", (tostring(value):gsub("%c", "")), "\n"))
    end
    assert(file:close())
    assert(os.rename(new, file_name))
end

local function is_over(kept)
    return os.time() >= (tonumber(kept.till) or 0)
end

local function place_for(kind, whose)
    local most = PLACES[kind]
    local first = tonumber(random(1), 16) % most
    for step = 0, most - 1 do
        local place = (first + step) % most
        local kept = read(path(kind, whose, place))
        if not kept or is_over(kept) then
            return place
        end
    end
    return kind ~= "tokens" and first or nil
end

-- Keeps what is said for somebody until a time, and returns the secret for it; nil where there is no place.
function store.keep(kind, whose, till, said)
    local place = place_for(kind, whose)
    if not place then
        return nil
    end
    local secret = whose .. ("%02x"):format(place) .. random(23)
    said.till, said.sum = till, sha256(secret)
    write(path(kind, whose, place), said)
    return secret
end

-- What was kept for a secret; nil, and why, where nothing is any more.
function store.find(kind, secret)
    local kept = store.is_secret(secret) and read(path_of(kind, secret))
    if not kept or kept.sum ~= sha256(secret) then
        return nil, "unknown"
    end
    if is_over(kept) then
        return nil, "expired"
    end
    return kept
end

-- The same, once: of all who try at the same time one renames the file.
function store.take(kind, secret)
    if not store.find(kind, secret) then
        return nil
    end
    local taken = ROOT .. kind .. "/" .. random(8)
    local kept = os.rename(path_of(kind, secret), taken) and read(taken)
    os.remove(taken)
    return kept and kept.sum == sha256(secret) and kept or nil
end

-- All that is kept for somebody, the newest last.
function store.all(kind, whose)
    local found = {}
    for place = 0, PLACES[kind] - 1 do
        local kept = read(path(kind, whose, place))
        if kept and not is_over(kept) then
            table.insert(found, kept)
        end
    end
    table.sort(found, function(one, other)
        return one.till .. one.sum < other.till .. other.sum
    end)
    return found
end

-- Forgets the one with this sum.
function store.drop(kind, whose, wanted)
    for place = 0, PLACES[kind] - 1 do
        local kept = read(path(kind, whose, place))
        if kept and kept.sum == wanted then
            os.remove(path(kind, whose, place))
        end
    end
end

return store
