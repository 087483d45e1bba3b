-- Stands in for Apache: loads access.lua and tokens.lua and calls their functions as standard input says, one call a line: the function,
-- and words TABLE.KEY=HEX. Prints what the call returned and, as such words, what it left in the tables.

apache2 = { DECLINED = -1, OK = 0 }

local function decode(hex)
    return (hex:gsub("..", function(pair)
        return string.char(tonumber(pair, 16))
    end))
end

local function encode(text)
    return (text:gsub(".", function(each)
        return ("%02x"):format(each:byte())
    end))
end

for _, each in ipairs(arg) do
    dofile(each)
end
local place = arg[1]:gsub("access.lua$", "")
local people, sha256 = dofile(place .. "people.lua"), dofile(place .. "sha256.lua")

for line in io.lines() do
    local name = line:match("^%S+")
    local tables = { r = {}, headers_in = {}, subprocess_env = {}, err_headers_out = {}, headers_out = {}, form = {}, answer = {} }
    for place, key, value in line:gmatch("(%w[%w_]*)%.(%S-)=(%x*)") do
        tables[place][key] = decode(value)
    end
    local r = tables.r
    r.headers_in, r.subprocess_env, r.err_headers_out = tables.headers_in, tables.subprocess_env, tables.err_headers_out
    r.headers_out = tables.headers_out
    r.parsebody = function()
        return tables.form
    end
    r.puts = function(_, text)
        tables.answer.text, tables.answer.status = text, tostring(r.status)
    end
    local returned
    if name == "account_of" then
        returned = people.account_of(r.issuer, r.user)
    elseif name == "sha256" then
        returned = sha256(r.text)
    elseif name == "comes_from_elsewhere" then
        returned = comes_from_elsewhere(r.method, r.headers_in, r.own)
    else
        returned = _G[name](r)
    end
    io.write(encode(tostring(returned)))
    for _, place in ipairs({ "subprocess_env", "err_headers_out", "headers_in", "headers_out", "answer" }) do
        for key, value in pairs(tables[place]) do
            io.write(" ", place, ".", key, "=", encode(value))
        end
    end
    io.write("\n")
    io.flush()
end
