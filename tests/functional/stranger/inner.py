"""Frames that no honest node sends over the adapter: forged ones."""
import ipaddress
import struct

from stranger.frames import checksum

IPV4, IPV6, ARP = 0x0800, 0x86dd, 0x0806
UDP, ICMP6 = 17, 58
SINK = 5405  # where the tests listen for what must not arrive


def ethernet(target, source, ethertype, body):
    return target + source + struct.pack(">H", ethertype) + body


def arp(operation, mac, ipv4, target_mac, target_ipv4):
    return ethernet(target_mac, mac, ARP, struct.pack(">HHBBH", 1, IPV4, 6, 4, operation) + mac
                    + ipaddress.IPv4Address(ipv4).packed + target_mac
                    + ipaddress.IPv4Address(target_ipv4).packed)


def udp(target_mac, card, source, target, source_port, target_port, payload):
    """In the name of `source`, with the MAC of `card`."""
    body = struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0x4000, 64, UDP, 0,
                     ipaddress.IPv4Address(source).packed, ipaddress.IPv4Address(target).packed)
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return ethernet(target_mac, card.mac, IPV4, ip + body)


def _ip6(target_mac, mac, source, target, protocol, hops, body, at):
    """With the checksum of the upper layer put at `at` of the body."""
    source, target = (ipaddress.IPv6Address(one).packed for one in (source, target))
    pseudo = source + target + struct.pack(">IxxxB", len(body), protocol)
    body = body[:at] + struct.pack(">H", checksum(pseudo + body) or 0xffff) + body[at + 2:]
    ip = struct.pack(">IHBB", 6 << 28, len(body), protocol, hops) + source + target
    return ethernet(target_mac, mac, IPV6, ip + body)


def udp6(target_mac, card, source, target, source_port, target_port, payload):
    body = struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0) + payload
    return _ip6(target_mac, card.mac, source, target, UDP, 64, body, 6)


def neighbour(kind, own, other, target):
    """ICMPv6 133 to 137 of RFC 4861 that give `other`'s traffic to us."""
    victim, source = ipaddress.IPv6Address(other.ipv6).packed, other.ipv6
    if kind == 133:
        body = struct.pack(">BBHI", kind, 0, 0, 0) + b"\1\1" + own.mac
    elif kind == 134:
        source = own.ipv6
        prefix = struct.pack(">BBBBIII", 3, 4, 64, 0xc0, 3600, 3600, 0)
        body = (struct.pack(">BBHBBHII", kind, 0, 0, 64, 0, 1800, 0, 0) + b"\1\1" + own.mac + prefix
                + ipaddress.IPv6Address("2001:db8:bad::").packed)
    elif kind == 137:
        body = (struct.pack(">BBHI", kind, 0, 0, 0) + ipaddress.IPv6Address(own.ipv6).packed + victim
                + b"\2\1" + own.mac)
    else:
        link = b"\1\1" if kind == 135 else b"\2\1"
        body = struct.pack(">BBHI", kind, 0, 0, 0x60000000) + victim + link + own.mac
    return _ip6(target.mac, own.mac, source, target.ipv6, ICMP6, 255, body, 2)
