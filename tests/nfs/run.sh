#!/bin/sh
# Runs in the machine; the last line tells tools/nfs how it went.
systemctl start slurmd@n1 slurmd@n2
python3 -m pytest -p no:cacheprovider --color=no -ra test_nfs.py
code=$?
[ "$code" = 0 ] || journalctl --boot --no-pager --lines=60 --unit=munge --unit='slurm*' --unit='nfs*'
echo "tests: $code"
