--
-- Ansible managed
--
-- Role sciportal.hosting.sbatch_service: for the Apaches of accounts.

-- mod_include passes a page on as it is where the option to parse it is off; then it is refused instead.
function refuse_source(r)
    if r.options:find("Includes") then
        return apache2.DECLINED
    end
    return 403
end

-- The pages are at the root of a domain by an alias, which DOCUMENT_ROOT does not tell.
function set_root(r)
    r:set_document_root(os.getenv("HOME") .. "/public_html")
    return apache2.DECLINED
end
