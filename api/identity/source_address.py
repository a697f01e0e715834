"""Where a request comes from: the connection's other end, or what a proxy that we trust says of it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks such as ``10.0.0.0/8``, or single addresses.

    Raises
    ------
    ValueError
        When one is neither.
    """
    return tuple(ip_network(text.strip(), strict=False) for text in texts if text.strip())


def source_of(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """The nearest address that no trusted proxy vouches away; IPv6 by its /64, which is one customer.

    Parameters
    ----------
    forwarded_for
        Values of the header X-Forwarded-For; ignored unless ``peer`` is a trusted proxy.
    """
    nearest = _address(peer)
    if nearest is None:
        return "unknown"
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    while hops and any(nearest in network for network in trusted):
        further = _address(hops.pop())
        if further is None:
            break
        nearest = further
    if isinstance(nearest, IPv6Address):
        return str(IPv6Network((nearest, 64), strict=False))
    return str(nearest)


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
