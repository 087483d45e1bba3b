#!/bin/sh
# Runs in the machine; the last line tells tools/apparmor how it went.
python3 -m pytest -p no:cacheprovider --color=no -ra --durations=10 --durations-min=3 .
code=$?
[ "$code" = 0 ] || journalctl --boot --no-pager --lines=40 --dmesg
echo "tests: $code"
