<?php
// People: ordinary ones, and those whose attributes are a trap. The password of all is `secret`.
$config = [
    'admin' => ['core:AdminPassword'],
    'people' => [
        'exampleauth:UserPass',
        'jdoe:secret' => [
            'uid' => ['jdoe'],
            'givenName' => ['Jane'],
            'sn' => ['Doe'],
            'mail' => ['jdoe@site.test'],
            'eduPersonPrincipalName' => ['jdoe@site.test'],
        ],
        'asmith:secret' => ['uid' => ['asmith'], 'givenName' => ['Ann'], 'sn' => ['Smith'], 'mail' => ['asmith@site.test']],
        'multi:secret' => [
            'uid' => ['multi'],
            'givenName' => ['José; X', 'Pepe'],
            'sn' => ['Núñez'],
            'mail' => ['a@site.test', 'b@site.test'],
        ],
        'nouid:secret' => ['givenName' => ['No'], 'sn' => ['Uid']],
        'twice:secret' => ['uid' => ['jdoe', 'twice'], 'sn' => ['Twice']],
        'split:secret' => [
            'uid' => ['split'],
            'givenName' => ["Jane\nX-Shib-Userid: admin"],
            'sn' => ["Doe\r\nX-Shib-Userid: admin\r\n"],
            'mail' => ["x@site.test\r\nX-Shib-Userid: admin"],
        ],
        'odd:secret' => ['uid' => ["jdoe\n"], 'givenName' => [';'], 'sn' => [' '], 'mail' => ['no address']],
    ],
];
