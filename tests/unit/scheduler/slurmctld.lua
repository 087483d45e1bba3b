-- Stands in for slurmctld: loads a job_submit.lua and calls it as standard input says, one call a line, words KEY=HEX.
-- Prints the code and, in hex, what was said to the user.

local said
slurm = setmetatable({ SUCCESS = 0, ERROR = -1 }, {
    __index = function(_, key)
        error("slurm." .. key .. " was read")
    end,
})

function slurm.log_user(format, ...)
    said = format:format(...)
end

local now = 0
os.time = function()
    return now
end

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

-- slurmctld gives numbers as floats.
local function fields(words, prefix)
    local found = {}
    for key, value in words:gmatch("(%S+)=(%S*)") do
        local name = key:match("^" .. prefix .. "%.(.*)$")
        if name then
            found[name] = decode(value)
        end
    end
    found.user_id = found.user_id and tonumber(found.user_id) + 0.0
    return found
end

local function partitions(words)
    local found = {}
    for name, default in pairs(fields(words, "partition")) do
        found[name] = { flag_default = tonumber(default) + 0.0 }
    end
    return found
end

dofile(arg[1])

for line in io.lines() do
    said = ""
    local call = fields(line, "call")
    now = tonumber(call.now)
    local uid, parts = tonumber(call.uid) + 0.0, partitions(line)
    local code
    if call.action == "submit" then
        code = slurm_job_submit(fields(line, "job"), parts, uid)
    else
        code = slurm_job_modify(fields(line, "change"), fields(line, "job"), parts, uid)
    end
    print(math.tointeger(code), encode(said))
    io.flush()
end
