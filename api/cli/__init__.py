"""The command line: `fuhre --help` teaches it."""
