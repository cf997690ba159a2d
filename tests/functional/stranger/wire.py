"""Messages of protocol version 1, bytes <-> values; raises Refused with a drop reason."""
import dataclasses
import ipaddress
import struct

VERSION = 1
PORT = 3343
INITIATION, RESPONSE, COOKIE, HEARTBEAT, DATA, CONTROL = range(1, 7)
ADMIN_DOWN, DOWN, INIT, UP = range(4)
STATES = ("admin-down", "down", "init", "up")
POLL, FINAL, RESTART, STALLED, SUSPECT, NOTICE = 32, 16, 8, 4, 2, 1
CARD, ACKNOWLEDGEMENT = 1, 2

_HEADER = struct.Struct(">BBHIQ")
_HEARTBEAT = struct.Struct(">BBBxHHIIQQI4xQQQ")
_CONTROL = struct.Struct(">BBxxQ")
_ENDPOINT = struct.Struct(">B16sHBBBxIH")
HEADER_BYTES = _HEADER.size


class Refused(Exception):
    """Something a peer sent is not taken; the text is the drop reason."""


@dataclasses.dataclass
class Header:
    type: int
    space: int = 0
    receiver: int = 0
    counter: int = 0

    def encode(self):
        return _HEADER.pack(VERSION << 4 | self.type, 0, self.space, self.receiver, self.counter)

    @staticmethod
    def decode(datagram):
        if not datagram:
            raise Refused("rx_truncated")
        if datagram[0] >> 4 != VERSION:
            raise Refused("rx_bad_version")
        if len(datagram) < HEADER_BYTES:
            raise Refused("rx_truncated")
        first, _flags, space, receiver, counter = _HEADER.unpack_from(datagram)
        if not INITIATION <= first & 15 <= CONTROL:
            raise Refused("rx_bad_type")
        return Header(first & 15, space, receiver, counter)


@dataclasses.dataclass
class Heartbeat:
    state: int
    flags: int
    diagnostic: int
    threshold: int
    sender_route: int
    receiver_route: int
    desired_tx_us: int
    required_rx_us: int
    transmit_ns: int
    echo_ns: int = 0
    echo_hold_us: int = 0
    received: int = 0
    highest: int = 0
    data_received: int = 0

    def encode(self):
        return _HEARTBEAT.pack(
            self.state << 6 | self.flags, self.diagnostic, self.threshold, self.sender_route,
            self.receiver_route, self.desired_tx_us, self.required_rx_us, self.transmit_ns,
            self.echo_ns, self.echo_hold_us, self.received, self.highest, self.data_received)

    @staticmethod
    def decode(payload):
        if len(payload) < _HEARTBEAT.size:
            raise Refused("rx_truncated")
        first, *rest = _HEARTBEAT.unpack_from(payload)
        heartbeat = Heartbeat(first >> 6, first & 63, *rest)
        if 0 in (heartbeat.threshold, heartbeat.sender_route, heartbeat.desired_tx_us,
                 heartbeat.required_rx_us):
            raise Refused("rx_malformed")
        return heartbeat


@dataclasses.dataclass
class Endpoint:
    address: str
    port: int = PORT
    prefix_length: int = 24
    role: int = 1
    flags: int = 3
    metric: int = 100
    mtu: int = 1500
    interface: str = ""

    def encode(self):
        address = ipaddress.ip_address(self.address)
        return (_ENDPOINT.pack(address.version, address.packed.ljust(16, b"\0"), self.port,
                               self.prefix_length, self.role, self.flags, self.metric, self.mtu)
                + _text(self.interface))


@dataclasses.dataclass
class Card:
    name: str
    ipv6: str
    ipv4: str
    mac: bytes
    mtu: int
    endpoints: list

    def encode(self):
        return (_text(self.name) + ipaddress.IPv6Address(self.ipv6).packed
                + ipaddress.IPv4Address(self.ipv4).packed + self.mac
                + struct.pack(">HB", self.mtu, len(self.endpoints))
                + b"".join(endpoint.encode() for endpoint in self.endpoints))

    @staticmethod
    def decode(payload):
        reader = _Reader(payload)
        name = reader.text()
        ipv6 = str(ipaddress.IPv6Address(reader.take(16)))
        ipv4 = str(ipaddress.IPv4Address(reader.take(4)))
        mac = reader.take(6)
        mtu, count = struct.unpack(">HB", reader.take(3))
        return Card(name, ipv6, ipv4, mac, mtu, [reader.endpoint() for _ in range(count)])


def encode_control(serial, card=None):
    kind = CARD if card else ACKNOWLEDGEMENT
    return _CONTROL.pack(kind, 1, serial) + (card.encode() if card else b"")


def decode_control(payload):
    """(serial, card); the card is None in an acknowledgement."""
    if len(payload) < _CONTROL.size:
        raise Refused("control_bad_message")
    kind, version, serial = _CONTROL.unpack_from(payload)
    if version != 1 or kind not in (CARD, ACKNOWLEDGEMENT):
        raise Refused("control_bad_message")
    return serial, Card.decode(payload[_CONTROL.size:]) if kind == CARD else None


def _text(text):
    raw = text.encode()
    return bytes([len(raw)]) + raw


class _Reader:
    def __init__(self, payload):
        self._rest = payload

    def take(self, count):
        if len(self._rest) < count:
            raise Refused("control_bad_message")
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def text(self):
        return self.take(self.take(1)[0]).decode(errors="replace")

    def endpoint(self):
        family, raw, port, length, role, flags, metric, mtu = _ENDPOINT.unpack(
            self.take(_ENDPOINT.size))
        if family not in (4, 6):
            raise Refused("control_bad_message")
        address = str(ipaddress.ip_address(raw[:4] if family == 4 else raw))
        return Endpoint(address, port, length, role, flags, metric, mtu, self.text())
