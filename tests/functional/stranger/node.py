"""The program: a node of a netft cluster.  node.py FILE reads its settings (JSON) from a file.

stdout: one JSON object a line, {"event": …}. stdin: commands, one JSON object a line:
  {"do": "ping", "peer": NAME, "sequence": N, "payload": HEX, "body": BYTES}   body: a datagram's
  {"do": "show"}
Settings: name, key (base64), cluster, cluster_keys (base64, the first one answers), mode,
initiates, answers, demands_cookies, rekey_s, ipv4, ipv6, mac, mtu,
peers: [{name, public_key, paths: [[local address, remote address], …]}].

It does not look for clones, and takes what answers first.
"""
import base64
import collections
import json
import os
import pathlib
import select
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from stranger import frames, handshake, macs, wire  # noqa: E402  (the path had to be set first)
from stranger.peer import Peer  # noqa: E402
from stranger.sessions import SECOND  # noqa: E402
from stranger.wire import Header, Refused  # noqa: E402

TICK = 0.01
LENGTHS = {wire.INITIATION: handshake.INITIATION_BYTES, wire.RESPONSE: handshake.RESPONSE_BYTES,
           wire.COOKIE: handshake.COOKIE_BYTES}


class Identity:
    """Who we are, as the settings say it."""

    def __init__(self, settings):
        self.name, self.cluster, self.mode = (settings[key] for key in ("name", "cluster", "mode"))
        self.key = handshake.key_pair(base64.b64decode(settings["key"]))
        self.cluster_keys = [base64.b64decode(key) for key in settings.get("cluster_keys", [])]
        self.cluster_keys = self.cluster_keys or [handshake.NO_CLUSTER_KEY]
        self.initiates, self.answers = settings.get("initiates", True), settings.get("answers", True)
        self.demands_cookies = settings.get("demands_cookies", False)
        self.rekey = int(settings.get("rekey_s", 120) * SECOND)
        self.incarnation = int.from_bytes(os.urandom(8), "big") or 1
        self.card_serial = 1
        locals_ = dict.fromkeys(path[0] for peer in settings["peers"] for path in peer["paths"])
        self.card = wire.Card(self.name, settings["ipv6"], settings["ipv4"],
                              bytes.fromhex(settings["mac"].replace(":", "")), settings["mtu"],
                              [wire.Endpoint(address, interface=f"eth{number}")
                               for number, address in enumerate(locals_)])


class Node:
    def __init__(self, settings):
        self._me = Identity(settings)
        self._sockets = {}
        self._cookie = os.urandom(macs.MAC_BYTES)
        self._drops = collections.Counter()
        self._peers = [self._make_peer(one) for one in settings["peers"]]
        self._commands = b""
        self._is_over = False

    def _make_peer(self, settings):
        paths = [tuple(path) for path in settings["paths"]]
        for local, _ in paths:
            if local not in self._sockets:
                self._sockets[local] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self._sockets[local].setblocking(False)
                self._sockets[local].bind((local, wire.PORT))
        return Peer(self._me, settings["name"], base64.b64decode(settings["public_key"]), paths,
                    self._send, self._emit)

    def _emit(self, event, **fields):
        print(json.dumps({"event": event, **fields}), flush=True)

    def _send(self, local, remote, datagram):
        try:
            self._sockets[local].sendto(datagram, (remote, wire.PORT))
        except OSError:
            pass  # as lost as on the wire

    def run(self):
        self._emit("ready")
        while not self._is_over:
            readable = select.select([sys.stdin, *self._sockets.values()], [], [], TICK)[0]
            now = time.monotonic_ns()
            for local, one in self._sockets.items():
                if one in readable:
                    self._receive(now, local, one)
            if sys.stdin in readable:
                self._read_commands()
            for peer in self._peers:
                peer.handle_timers(now)
            self._misbehave(now)

    def _misbehave(self, now):
        """A node of good will does not."""

    def _receive(self, now, local, one):
        for _ in range(64):
            try:
                datagram, (remote, _port) = one.recvfrom(65536)
            except OSError:
                return  # nothing left, or an ICMP error of an earlier datagram
            try:
                self._handle(now, (local, remote), datagram)
            except Refused as refusal:
                if not self._drops[str(refusal)]:
                    self._emit("refused", reason=str(refusal), type=datagram[:1].hex())
                self._drops[str(refusal)] += 1

    def _handle(self, now, path, datagram):
        header = Header.decode(datagram)
        if header.type in LENGTHS:
            if len(datagram) != LENGTHS[header.type]:
                raise Refused("rx_truncated" if len(datagram) < LENGTHS[header.type]
                              else "rx_malformed")
            handler = {wire.INITIATION: self._handle_initiation,
                       wire.RESPONSE: self._handle_response, wire.COOKIE: self._handle_cookie}
            return handler[header.type](now, header, path, datagram)
        for peer in self._peers:
            session = peer.sessions.by_index(header.receiver)
            if session:
                return peer.handle_datagram(now, header, session, path, datagram)
        raise Refused("rx_no_session")

    def _handle_initiation(self, now, _header, path, datagram):
        macs.check_mac1(datagram, self._me.key.public.data)
        if not self._me.answers:
            return
        if self._me.demands_cookies and not macs.has_mac2(datagram, self._cookie):
            self._send(*path, handshake.make_cookie_message(self._me.key.public.data,
                                                            self._cookie, datagram))
            raise Refused("rx_needs_cookie")
        received = handshake.ReceivedInitiation(datagram, self._me.key, self._me.cluster,
                                                self._me.cluster_keys[0])
        peer = next((one for one in self._peers if one.public_key == received.sender), None)
        if peer is None:
            raise Refused("rx_own_key" if received.sender == self._me.key.public.data
                          else "rx_unknown_node")
        response = peer.sessions.handle_initiation(now, datagram, received, peer.is_reachable())
        if response:
            self._send(*path, response)

    def _handle_response(self, now, header, _path, datagram):
        macs.check_mac1(datagram, self._me.key.public.data)
        for peer in self._peers:
            if peer.sessions.waits_for(header.receiver):
                return peer.session_shown(peer.sessions.handle_response(now, datagram))
        raise Refused("rx_stale_opening")

    def _handle_cookie(self, now, header, _path, datagram):
        for peer in self._peers:
            if peer.sessions.waits_for(header.receiver):
                peer.sessions.handle_cookie(now, datagram)
                return self._emit("cookie", peer=peer.name)
        raise Refused("rx_bad_cookie")

    def _read_commands(self):
        read = os.read(sys.stdin.fileno(), 65536)
        self._is_over = not read
        *lines, self._commands = (self._commands + read).split(b"\n")
        for line in lines:
            self._do(json.loads(line))

    def _do(self, command):
        if command["do"] == "show":
            self._emit("show", drops=dict(self._drops), peers=[one.show() for one in self._peers])
        elif command["do"] == "ping":
            peer = next(one for one in self._peers if one.name == command["peer"])
            train = frames.echo_request(self._me.card, peer.card, 7, command["sequence"],
                                        bytes.fromhex(command["payload"]))
            peer.send_train(train, command["body"])


if __name__ == "__main__":
    Node(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))).run()
