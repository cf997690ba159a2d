"""A member of the cluster with its true keys and no good will.  member.py FILE, as node.py.

It is a node like any other, so its sessions, routes and cards are real, and beside that it does what
the key allows and no honest node would: kind after kind, in an order and with contents that a seed
decides. Settings beside node.py's: seed, kinds (names; none: all), slot_s (how long each kind lasts).
Says {"event": "kind", "name": …} when it begins with one, {"event": "over"} after the last.
"""
import dataclasses
import ipaddress
import json
import os
import pathlib
import random
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from stranger import handshake, inner, macs, wire  # noqa: E402  (the path had to be set first)
from stranger.node import Node  # noqa: E402
from stranger.wire import CONTROL, DATA, HEARTBEAT, Header  # noqa: E402

RELAY = 7
FORWARD, FORWARDED, REACH = 1, 2, 3
WARM_UP_NS = 500_000_000
KINDS = {}


def kind(rate):
    """A kind of misbehaviour; `rate`: calls a second, over all peers."""
    def register(function):
        KINDS[function.__name__] = (function, rate)
        return function
    return register


class Member(Node):
    def __init__(self, settings):
        super().__init__(settings)
        self.me, self.peers = self._me, self._peers
        self.dice = random.Random(settings["seed"])
        self._kinds = [name for name in KINDS if name in settings.get("kinds", KINDS)]
        self.dice.shuffle(self._kinds)
        self._slot_ns = int(settings["slot_s"] * 1e9)
        self._rounds = settings.get("rounds", 1)
        self._left, self._current, self._done = [], None, 0
        self._until = time.monotonic_ns() + WARM_UP_NS
        self.is_silent = False
        self.honest_card = self.me.card
        self.jump = 1 << 20
        self.old = []  # heartbeats as they were sent

    def others(self, peer):
        return [one for one in self.peers if one is not peer and one.card]

    def send(self, peer, message, space, counter, payload, path=None):
        peer._send_sealed(message, space, counter, payload, path or peer._best_path())

    def control(self, peer, payload):
        self.send(peer, CONTROL, 0, peer._next_counter(CONTROL), payload)

    def relay(self, peer, which, node, rest):
        peer._counters.setdefault(RELAY, 0)
        self.send(peer, RELAY, 0, peer._next_counter(RELAY),
                  struct.pack(">BxxxQ", which, node) + rest)

    def frame(self, peer, frame, virtio=bytes(12)):
        peer.send_train(virtio + frame, 1300)

    def _misbehave(self, now):
        if now >= self._until:
            self._next_kind(now)
        if self._current is None:
            return
        function, rate = KINDS[self._current]
        due = min(int((now - self._began) * rate / 1e9), self._done + 400)
        for _ in range(due - self._done):
            peer = self.dice.choice(self.peers)
            if peer.sessions.current() and peer.card:
                function(self, peer)
        self._done = due

    def _next_kind(self, now):
        self.me.card, self.is_silent = self.honest_card, False
        if self._current:
            self._emit("done", name=self._current, calls=self._done)
        if self._current is None and not self._left:
            self._left = self._kinds * self._rounds
        if not self._left:
            if self._current:
                self._emit("over")
            self._current, self._until = None, now + 10 ** 15
            return
        self._current = self._left.pop(0)
        self._began, self._until, self._done = now, now + self._slot_ns, 0
        self._emit("kind", name=self._current)


# --- frames for the others' kernels

@kind(200)
def arp(member, peer):
    """Replies and requests that call others' addresses ours."""
    for other in member.others(peer):
        member.frame(peer, inner.arp(member.dice.choice((1, 2)), member.me.card.mac, other.card.ipv4,
                                     peer.card.mac, peer.card.ipv4))


@kind(200)
def neighbour_discovery(member, peer):
    """Advertisements for others, router advertisements, redirects."""
    for other in member.others(peer):
        member.frame(peer, inner.neighbour(member.dice.choice((133, 134, 135, 136, 137)),
                                           member.me.card, other.card, peer.card))


@kind(200)
def other_protocols(member, peer):
    """VLANs, LLDP, 802.1X, DHCP servers, what has no name."""
    body = member.dice.randbytes(member.dice.randrange(46, 200))
    ethertype = member.dice.choice((0x8100, 0x88a8, 0x88cc, 0x888e, 0x8863, 0x0842, 0x1234))
    if ethertype == 0x8100:
        body = b"\0\1" + inner.arp(2, member.me.card.mac, member.others(peer)[0].card.ipv4,
                                   peer.card.mac, peer.card.ipv4)[12:]
    member.frame(peer, peer.card.mac + member.me.card.mac + struct.pack(">H", ethertype) + body)
    member.frame(peer, inner.udp(b"\xff" * 6, member.me.card, member.me.card.ipv4,
                                 "255.255.255.255", 67, 68, bytes(240)))


@kind(300)
def inner_sources(member, peer):
    """Packets in the name of others, of this very peer, of nobody."""
    sources = [one.card.ipv4 for one in member.others(peer)] + [peer.card.ipv4, "0.0.0.0",
                                                                "127.0.0.1", "8.8.8.8"]
    member.frame(peer, inner.udp(peer.card.mac, member.me.card, member.dice.choice(sources),
                                 peer.card.ipv4, 5405, inner.SINK, b"forged"))
    for other in member.others(peer):
        member.frame(peer, inner.udp6(peer.card.mac, member.me.card, other.card.ipv6, peer.card.ipv6,
                                      5405, inner.SINK, b"forged"))


@kind(200)
def virtio_headers(member, peer):
    """What must not get near a kernel that segments."""
    dice = member.dice
    virtio = struct.pack("<BBHHHHH", dice.choice((0, 1, 2, 255)), dice.choice((0, 1, 3, 4, 5, 0x81)),
                         dice.randrange(65536), dice.choice((0, 1, 40, 1400, 65535)),
                         dice.choice((0, 14, 34, 54, 65535)), dice.choice((0, 6, 16, 65535)), 0)
    size = dice.choice((10, 1000, 60000))
    member.frame(peer, inner.udp(peer.card.mac, member.me.card, member.me.card.ipv4, peer.card.ipv4,
                                 7, 9, bytes(size)), virtio)


# --- cards and control

@kind(300)
def cards(member, peer):
    """What is another's: endpoints, MAC, virtual addresses, name; MTUs and endpoints that change."""
    dice, card = member.dice, member.honest_card
    other = dice.choice(member.others(peer)).card
    changes = dice.choice((
        {"mac": other.mac}, {"ipv4": other.ipv4}, {"ipv6": other.ipv6}, {"name": other.name},
        {"mtu": dice.choice((0, 68, 576, 65535))}, {"endpoints": card.endpoints + other.endpoints},
        {"endpoints": other.endpoints}, {"endpoints": peer.card.endpoints},
        {"endpoints": [dataclasses.replace(one, mtu=dice.choice((0, 68, 576)))
                       for one in card.endpoints]},
        {"endpoints": [dataclasses.replace(card.endpoints[0], address=str(ipaddress.IPv4Address(
            dice.choice((0x0a000000, 0x0a010000)) + dice.randrange(1, 255))),
            port=dice.randrange(1, 65536)) for _ in range(16)]},
        {"endpoints": [dataclasses.replace(card.endpoints[0], address=address) for address in
                       ("127.0.0.1", "255.255.255.255", "10.0.0.255", "169.254.169.254")]}))
    member.me.card_serial += 1
    member.control(peer, wire.encode_control(member.me.card_serial,
                                             dataclasses.replace(card, **changes)))


@kind(6000)
def control_flood(member, peer):
    """Every kind of control message, most of them nonsense."""
    if member.dice.random() < 0.5:
        member.control(peer, wire.encode_control(member.me.card_serial, member.honest_card))
    else:
        member.control(peer, struct.pack(">BBxxQ", member.dice.randrange(6), 1,
                                         member.dice.getrandbits(64))
                       + member.dice.randbytes(member.dice.randrange(200)))


# --- trains

@kind(6000)
def trains(member, peer):
    """Never completed; half of them with counters a multiple of a power of two apart."""
    step = 1 << 16 if member.dice.random() < 0.5 else member.dice.randrange(1, 100)
    peer._counters[DATA] += step
    count = member.dice.choice((2, 64, 128))
    member.send(peer, DATA, 0, peer._counters[DATA],
                struct.pack(">HH", member.dice.randrange(count), count) + bytes(60))


# --- handshakes and sessions

@kind(300)
def initiations(member, peer):
    """True ones, each a new session; with timestamps of any time."""
    me = member.me
    initiation = handshake.Initiation(
        me.key, peer.public_key, me.cluster, handshake.MODES[me.mode],
        member.dice.randrange(1, 1 << 32), time.time_ns() - member.dice.choice((0, 0, 10 ** 12)),
        member.dice.choice((me.incarnation, member.dice.getrandbits(64))))
    route = member.dice.choice(peer.routes)
    member._send(route.local, route.remote, initiation.datagram())


@kind(3000)
def responses(member, peer):
    """With a right mac1, to an initiation of theirs or of nobody's."""
    message = (Header(wire.RESPONSE, receiver=member.dice.getrandbits(32)).encode()
               + member.dice.randbytes(wire.HEADER_BYTES + 52))
    message = message[:handshake.RESPONSE_BYTES - 2 * macs.MAC_BYTES]
    route = member.dice.choice(peer.routes)
    member._send(route.local, route.remote, macs.with_macs(message, peer.public_key))


# --- routes

def _heartbeat(member, peer, route, counter, **changes):
    _, honest = route.make_heartbeat(time.monotonic_ns())
    member.send(peer, HEARTBEAT, route.number, counter,
                dataclasses.replace(honest, **changes).encode(), (route.local, route.remote))


@kind(500)
def heartbeats(member, peer):
    """False in every field, of the past, of the far future, of other paths."""
    dice, route = member.dice, member.dice.choice(peer.routes)
    if dice.random() < 0.1:
        route.counter += dice.choice((1, 100, 1 << 20))
    changes = dice.choice((
        {"desired_tx_us": dice.choice((1, 0xffffffff))},
        {"required_rx_us": dice.choice((1, 0xffffffff))}, {"threshold": dice.choice((1, 255))},
        {"receiver_route": dice.randrange(65536)}, {"transmit_ns": dice.getrandbits(64)},
        {"echo_ns": dice.getrandbits(64)}, {"received": dice.getrandbits(64)},
        {"highest": dice.getrandbits(64)}, {"data_received": dice.getrandbits(64)},
        {"flags": dice.randrange(64)}, {"diagnostic": dice.randrange(256)}))
    _heartbeat(member, peer, route, max(1, route.counter - dice.choice((0, 1, 50, 1 << 30))),
               **changes)


@kind(2000)
def flaps(member, peer):
    """Up and down as fast as it goes."""
    route = member.dice.choice(peer.routes)
    route.counter += 1
    _heartbeat(member, peer, route, route.counter, state=member.dice.randrange(4),
               diagnostic=member.dice.randrange(40))


@kind(500)
def relays(member, peer):
    """Reaches everybody, with datagrams of any size; carries what nobody sent."""
    dice = member.dice
    nodes = [int.from_bytes(ipaddress.IPv6Address(one.card.ipv6).packed[8:], "big")
             for one in member.peers if one.card]
    what = dice.randrange(3)
    if what == 0:
        named = nodes + [dice.getrandbits(64)] * dice.randrange(100)
        member.relay(peer, REACH, 0, struct.pack(">HH", dice.choice((0, 1, 256, 65535)), len(named))
                     + b"".join(one.to_bytes(8, "big") for one in named))
    else:
        datagram = (Header(dice.choice((DATA, CONTROL, HEARTBEAT, RELAY)), 0,
                           dice.getrandbits(32), dice.getrandbits(48)).encode()
                    + dice.randbytes(dice.randrange(20, 1000)))
        member.relay(peer, FORWARD if what == 1 else FORWARDED, dice.choice(nodes), datagram)


if __name__ == "__main__":
    os.nice(5)  # it is to outdo nobody by its processor time: the honest ones share the machine
    Member(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))).run()
