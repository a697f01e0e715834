"""Shell: HTTP, command line, files, storage and jobs."""
