"""`python3 kubectl-kubervisor`: the entry of the zipapp."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whatever python3 the user has runs this line
    sys.exit("error: kubectl kubervisor needs Python 3.11 or newer; python3 is " + sys.version)

import signal

from kubectl_kubervisor.cli import main

if __name__ == "__main__":
    # `… | head` ends us as it ends kubectl, without a word.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
