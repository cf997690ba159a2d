"""Ethernet frames with their virtio header, cut into trains of data datagrams."""
import ipaddress
import struct

from stranger.wire import Refused

VIRTIO_BYTES = 12
ETHERNET_BYTES = 14
IPV4, ICMP = 0x0800, 1
ECHO_REPLY, ECHO_REQUEST = 0, 8
_PREFIX = struct.Struct(">HH")
TRAIN_DATAGRAMS_MAX = 128
TRAIN_BYTES_MAX = 65000


def checksum(data):
    """RFC 1071."""
    total = sum(struct.unpack(f">{len(data) // 2 + len(data) % 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(card, to, identifier, sequence, payload):
    """virtio header ‖ Ethernet frame of a ping from one card's node to the other's."""
    icmp = struct.pack(">BBHHH", ECHO_REQUEST, 0, 0, identifier, sequence) + payload
    icmp = icmp[:2] + struct.pack(">H", checksum(icmp)) + icmp[4:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 0, 0x4000, 64, ICMP, 0,
                     ipaddress.IPv4Address(card.ipv4).packed,
                     ipaddress.IPv4Address(to.ipv4).packed)
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return bytes(VIRTIO_BYTES) + to.mac + card.mac + struct.pack(">H", IPV4) + ip + icmp


def read_echo_reply(train):
    """(source address, identifier, sequence, payload), or None when it is something else."""
    frame = train[VIRTIO_BYTES:]
    ip, icmp = frame[ETHERNET_BYTES:ETHERNET_BYTES + 20], frame[ETHERNET_BYTES + 20:]
    if len(frame) < ETHERNET_BYTES + 28 or frame[12:14] != b"\x08\x00" or ip[9] != ICMP:
        return None
    icmp = icmp[:struct.unpack(">H", ip[2:4])[0] - 20]
    kind, _, _, identifier, sequence = struct.unpack(">BBHHH", icmp[:8])
    if kind != ECHO_REPLY or checksum(icmp) != 0 or checksum(ip) != 0:
        return None
    return str(ipaddress.IPv4Address(ip[12:16])), identifier, sequence, icmp[8:]


def cut(train, body_bytes):
    """The payloads of a train's data datagrams."""
    bodies = [train[at:at + body_bytes] for at in range(0, len(train), body_bytes)]
    return [_PREFIX.pack(index, len(bodies)) + body for index, body in enumerate(bodies)]


class Assembler:
    """Puts trains together again; keeps the newest 64 that are incomplete."""
    KEPT = 64

    def __init__(self):
        self._parts = {}  # train id -> {index: body}

    def take(self, counter, payload):
        """The train's bytes when this datagram completes it, else None."""
        if len(payload) <= _PREFIX.size:
            raise Refused("rx_truncated")
        index, count = _PREFIX.unpack_from(payload)
        if not 0 < count <= TRAIN_DATAGRAMS_MAX or index >= count or counter < index:
            raise Refused("train_malformed")
        parts = self._parts.setdefault(counter - index, {})
        parts[index] = payload[_PREFIX.size:]
        if len(parts) == count:
            del self._parts[counter - index]
            return self._joined(parts)
        while len(self._parts) > self.KEPT:
            del self._parts[min(self._parts)]
        return None

    @staticmethod
    def _joined(parts):
        bodies = [parts[index] for index in sorted(parts)]
        if any(len(body) != len(bodies[0]) for body in bodies[1:-1]) or (
                len(bodies[-1]) > len(bodies[0])):
            raise Refused("train_malformed")
        train = b"".join(bodies)
        if len(train) > TRAIN_BYTES_MAX:
            raise Refused("train_too_long")
        return train
