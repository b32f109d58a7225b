"""How long an import takes in a fresh process: `importing.py MODULE`."""

import sys

from measure import clock, report

begin = clock()
__import__(sys.argv[1])
report(step=clock() - begin)
