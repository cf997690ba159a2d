"""Somebody on the switch: captures what passes, changes it, sends it again, floods.

Knows no key but public ones. Needs the standard library only, so it runs in the tests' process: its
sockets are made in the switch's namespace (setns(2) counts for the calling thread alone).
"""
import contextlib
import ctypes
import dataclasses
import ipaddress
import json
import os
import pathlib
import random
import select
import socket
import struct
import subprocess
import time

from lab.shell import LabError
from lab.spec import SWITCH, switch_port
from stranger import macs, wire

CLONE_NEWNET = 0x40000000
ETH_P_ALL, ETH_P_IP, UDP = 3, 0x0800, 17
RECEIVE_BUFFER = 32 << 20
SO_RCVBUFFORCE = 33


@contextlib.contextmanager
def inside(namespace):
    """Sockets opened in here belong to the namespace."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        with open(path, "rb") as file:
            if libc.setns(file.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns {path}")
    with open("/proc/thread-self/ns/net", "rb") as home:
        enter(f"/run/netns/{namespace}")
        try:
            yield
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


def _ipv4_checksum(header):
    total = sum(struct.unpack("!10H", header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


@dataclasses.dataclass(frozen=True)
class Packet:
    """A UDP datagram over IPv4 in its Ethernet frame."""
    source_mac: bytes
    target_mac: bytes
    source: str
    target: str
    source_port: int
    target_port: int
    payload: bytes

    def frame(self):
        udp = struct.pack("!HHHH", self.source_port, self.target_port, 8 + len(self.payload), 0)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(self.payload), 0, 0, 64, UDP, 0,
                         ipaddress.IPv4Address(self.source).packed,
                         ipaddress.IPv4Address(self.target).packed)
        ip = ip[:10] + struct.pack("!H", _ipv4_checksum(ip)) + ip[12:]
        return (self.target_mac + self.source_mac + struct.pack("!H", ETH_P_IP) + ip + udp
                + self.payload)

    @staticmethod
    def of(frame):
        """None: it is something else than a UDP datagram over IPv4."""
        if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != UDP:
            return None
        size = 4 * (frame[14] & 15)
        udp = frame[14 + size:]
        source_port, target_port, length, _ = struct.unpack("!HHHH", udp[:8])
        source, target = (str(ipaddress.IPv4Address(frame[at:at + 4])) for at in (26, 30))
        return Packet(frame[6:12], frame[:6], source, target, source_port, target_port,
                      udp[8:length])

    @property
    def kind(self):
        """netft's message type; 0: not one of netft's datagrams."""
        is_netft = self.target_port == wire.PORT and self.payload[:1]
        return self.payload[0] & 15 if is_netft and self.payload[0] >> 4 == wire.VERSION else 0

    def but(self, **changes):
        return dataclasses.replace(self, **changes)

    def from_elsewhere(self, address="10.0.0.200"):
        return self.but(source=address, source_mac=b"\x02evil!")

    def reflected(self):
        return self.but(source_mac=self.target_mac, target_mac=self.source_mac, source=self.target,
                        target=self.source, source_port=self.target_port,
                        target_port=self.source_port)

    def flipped(self):
        """One packet for each byte, with one bit of it changed."""
        for at in range(len(self.payload)):
            broken = bytearray(self.payload)
            broken[at] ^= 1 << at % 8
            yield self.but(payload=bytes(broken))

    def truncated(self):
        return (self.but(payload=self.payload[:size]) for size in range(len(self.payload)))


class Tap:
    """Captures what passes one port of the switch, from the moment it is made."""

    def __init__(self, node, network="net0"):
        with inside(SWITCH):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self._socket.bind((switch_port(node, network), ETH_P_ALL))
        self._socket.setblocking(False)
        self.packets = []

    def read(self, seconds=0.0):
        """Takes what has come, waiting so long for the first; gives all UDP packets so far."""
        if select.select([self._socket], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                while True:
                    packet = Packet.of(self._socket.recv(65536 + 64))
                    if packet:
                        self.packets.append(packet)
        return self.packets

    def wait(self, what, wanted, seconds=15):
        """The packets for which `wanted` is true, as soon as there are some."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = [one for one in self.read(0.05) if wanted(one)]
            if found:
                return found
        raise LabError(f"no {what} on the wire in {seconds} s")

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def inject(node, packets, network="net0"):
    """Sends them to the node as if they came from the switch. Gives how many."""
    with inside(SWITCH):
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with sender:
        sender.bind((switch_port(node, network), 0))
        count = 0
        for count, packet in enumerate(packets, 1):
            sender.send(packet.frame())
            if count % 64 == 0:
                time.sleep(0.002)  # within the buffer of netftd's socket: it must see every one
    return count


def valid_mac_initiations(packet, receiver_key, count, sources):
    """Initiations whose mac1 is right and whose rest is random, as from many addresses."""
    dice = random.Random(3)
    for number in range(count):
        message = (wire.Header(wire.INITIATION).encode() + dice.randbytes(124))
        yield packet.but(payload=macs.with_macs(message, receiver_key),
                         source=sources[number % len(sources)],
                         source_port=dice.randrange(1024, 65536))


def garbage(packet, count, knows_index=False):
    """Heartbeats, data and control datagrams that no session has sealed. Whoever reads the wire
    knows the session's index and a counter, all others must guess."""
    dice = random.Random(4)
    for number in range(count):
        kind = (wire.HEARTBEAT, wire.DATA, wire.DATA, wire.CONTROL)[number % 4]
        first = bytes([wire.VERSION << 4 | kind])
        rest = packet.payload[1:8] if knows_index else dice.randbytes(7)
        size = 80 if kind == wire.HEARTBEAT else dice.randrange(30, 300)
        yield packet.but(payload=first + rest + dice.randbytes(size + 8))


class Flood:
    """The flood program on the switch: frames to a node at machine rate, or at `rate` a second."""

    def __init__(self, lab, node, packets, seconds, rate=0, network="net0"):
        program = pathlib.Path(lab.binaries.directory, "tests", "support", "flood")
        if not program.exists():
            raise LabError(f"{program}: not built")
        file = lab.config.with_name("flood.bin")
        with open(file, "wb") as out:
            for packet in packets:
                frame = packet.frame()
                out.write(len(frame).to_bytes(2, "big") + frame)
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", SWITCH, str(program), switch_port(node, network), str(file),
             str(seconds), str(rate)], stdout=subprocess.PIPE, text=True, env=dict(os.environ))

    def is_running(self):
        return self._process.poll() is None

    def finish(self):
        """Waits for its end; gives the datagrams a second that were sent."""
        done = json.loads(self._process.communicate(timeout=120)[0])
        return done["sent"] / done["seconds"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()
