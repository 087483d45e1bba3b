"""Whether Shibboleth takes a file: `shibd -t` alone is content with nearly everything."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

from sciportal.service import processes
from sciportal.service.errors import ServiceError

_ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_TIMEOUT = 60.0
_BAD = re.compile(r"(?:ERROR|CRIT|FATAL|ALERT|EMERG) (.*)")
# The least that an attribute map can be in.
_AROUND = """\
<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config">
    <ApplicationDefaults entityID="urn:try">
        <Sessions handlerSSL="false" cookieProps="http">
            <SSO entityID="urn:try">SAML2</SSO>
        </Sessions>
        <Errors/>
        <AttributeExtractor type="XML" validate="true" path={path}/>
    </ApplicationDefaults>
    <SecurityPolicyProvider type="XML" validate="true" path="security-policy.xml"/>
    <ProtocolProvider type="XML" validate="true" reloadChanges="false" path="protocols.xml"/>
</SPConfig>
"""


def try_out(path: Path) -> None:
    """See what shibd says of a configuration, or of an attribute map.

    Raises:
        ServiceError: it would not work with it.
        OSError: the file cannot be read.
    """
    if "<Attributes" not in path.read_text(encoding="utf-8"):
        _try(path)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
        file.write(_AROUND.format(path=quoteattr(str(path))))
        file.flush()
        _try(Path(file.name))


def _try(path: Path) -> None:
    done = processes.run(["shibd", "-t", "-c", str(path)], env=_ENV, timeout=_TIMEOUT)
    found = _BAD.findall(done.out + done.err)
    if not done.ok or found:
        said = " / ".join(found[:3]) or done.problem or f"exit status {done.code}"
        raise ServiceError("a test of the new file by shibd", said, "look at what it names")
