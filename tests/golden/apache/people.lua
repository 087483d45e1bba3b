--
-- Ansible managed
--
-- Role sciportal.hosting.identity: who somebody is to the doors, and to the cluster.

local ACCOUNTS = "/etc/apache2/sciportal/accounts.map"

local people = {}
local accounts

-- The account that somebody is, as sciportal.identity.accounts has it.
function people.account_of(issuer, user)
    if not accounts then
        local found = {}
        for line in io.lines(ACCOUNTS) do
            local from, name, account = line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)$")
            if from then
                found[from .. "\t" .. name] = account
            end
        end
        accounts = found
    end
    if not issuer or not user then
        return nil
    end
    local exact = accounts[issuer .. "\t" .. user]
    if exact and exact ~= "*" then
        return exact ~= "-" and exact or nil
    end
    local name, scope = user:match("^([^@]*)(@?.*)$")
    if accounts[issuer .. "\t*" .. scope] and #name <= 32 and name:find("^[A-Za-z_][A-Za-z0-9_.-]*$") then
        return name
    end
end

-- Whom a door knows, after it said so in headers.
function people.signed_in(r)
    local seen = r.headers_in
    return {
        issuer = r.subprocess_env["Shib-Identity-Provider"] or r.subprocess_env["SCIPORTAL_issuer"] or "",
        user = seen["X-Shib-Userid"] or "",
        email = seen["X-Shib-Email"] or "",
        first = seen["X-Shib-Name-First"] or "",
        last = seen["X-Shib-Name-Last"] or "",
    }
end

return people
