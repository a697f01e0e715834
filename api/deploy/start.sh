#!/bin/sh
# What the container image begins with: lays the kernels that were compiled with the image where the service may write,
# then becomes the command. Numba takes compiled kernels only from folders that it can write to. On another processor
# than the image was made on they are compiled once, before the service is ready, and kept beside the data.
set -eu

made=/app/kernels
if ! mkdir -p "$NUMBA_CACHE_DIR" 2>/dev/null; then
    echo "$NUMBA_CACHE_DIR cannot be made: give the volume to the user of the image, for example chown 10001 DIR." >&2
    exit 1
fi
if ! cmp -s "$made/made_at" "$NUMBA_CACHE_DIR/made_at"; then
    rm -rf "${NUMBA_CACHE_DIR:?}"/*
    cp -R "$made/." "$NUMBA_CACHE_DIR"
fi
exec "$@"
