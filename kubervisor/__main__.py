"""`python -m kubervisor`: the same as the `kubervisor` command."""

from kubervisor.cli import main

main()
