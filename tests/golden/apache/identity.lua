--
-- Ansible managed
--
-- Role sciportal.hosting.identity: what no directive of Apache's can do, look at every name of a header.

local families = {
    "forwarded-",
    "remote-",
    "shib-",
    "x-forwarded-",
    "x-identity-",
    "x-remote-",
    "x-sciportal-",
    "x-shib-",
}

-- Refuses a request with a header of these families, whatever stands between the words of its name. Those that applications are
-- promised were dropped before, and this server's own are not there yet.
function refuse_forged(r)
    if r.subprocess_env["REDIRECT_STATUS"] then
        return apache2.DECLINED
    end
    for name in pairs(r:headers_in_table()) do
        local plain = name:lower():gsub("[^a-z0-9]+", "-") .. "-"
        for _, family in ipairs(families) do
            if plain:sub(1, #family) == family then
                return 400
            end
        end
    end
    return apache2.DECLINED
end
