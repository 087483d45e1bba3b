<?php
// The people of the demo and of the tests. The password of all is `secret`.
$people = [];
foreach (['alice', 'bob', 'carol'] as $user) {
    $people["$user:secret"] = [
        'uid' => [$user],
        'givenName' => [ucfirst($user)],
        'sn' => ['Example'],
        'mail' => ["$user@example.org"],
    ];
}
$config = ['admin' => ['core:AdminPassword'], 'people' => ['exampleauth:UserPass'] + $people];
