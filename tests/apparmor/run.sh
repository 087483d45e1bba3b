#!/bin/sh
# Runs in the machine; the last line tells tools/apparmor how it went.
# Nothing that is denied may be missing in the log.
sysctl -q -w kernel.printk_ratelimit=0
python3 -m pytest -p no:cacheprovider --color=no -ra --durations=10 --durations-min=3 .
code=$?
[ "$code" = 0 ] || journalctl --boot --no-pager --lines=40 --dmesg
echo "tests: $code"
