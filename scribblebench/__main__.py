"""`python -m scribblebench` is the command `scribblebench`."""

from scribblebench.cli.app import main

main()
