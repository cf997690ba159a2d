"""Virtual addresses, derived from the public keys of all nodes (protocol.md, "Virtual addresses")."""
import hashlib
import ipaddress

RESERVED = (0, 20, 169, 170, 255)  # third octets of 169.254.0.0/16 that are left out


def _candidates(key):
    n = 0
    while True:
        yield hashlib.sha256(key + (n.to_bytes(4, "big") if n else b"")).digest()
        n += 1


def _ipv4_of(digest):
    if digest[8] in RESERVED or digest[9] in (0, 255):
        return None
    return str(ipaddress.IPv4Address(bytes([169, 254]) + digest[8:10]))


def _ipv6_of(digest):
    interface = bytes([digest[0] & 0xfd]) + digest[1:8]
    return str(ipaddress.IPv6Address(bytes([0xfe, 0x80]) + bytes(6) + interface))


def assign(keys):
    """{public key: (ipv4, ipv6)}."""
    taken, found = set(), {}
    for key in sorted(keys):
        both = []
        for derive in (_ipv4_of, _ipv6_of):
            both.append(next(address for address in map(derive, _candidates(key))
                             if address and address not in taken))
        taken.update(both)
        found[key] = tuple(both)
    return found
