"""One module per peer; each keeps to the protocol in ``benchmarks.routing.peer``."""
