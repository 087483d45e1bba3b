<?php
// Signed and not encrypted, so that the tests can alter what it says.
$metadata['https://portal.test/shibboleth'] = [
    'AssertionConsumerService' => [
        ['index' => 1, 'Binding' => 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', 'Location' => 'https://portal.test/Shibboleth.sso/SAML2/POST'],
    ],
    'SingleLogoutService' => 'https://portal.test/Shibboleth.sso/SLO/Redirect',
];
