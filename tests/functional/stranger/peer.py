"""All that the stranger knows of one peer: sessions, card, routes, counters."""
from stranger import frames, seal, wire
from stranger.route import Route
from stranger.sessions import RETRY_FIRST, RETRY_MAX, Sessions
from stranger.wire import CONTROL, DATA, HEARTBEAT, UP, Header, Refused

PEER_RESTARTED = 20


class Peer:
    """`send(local, remote, datagram)` and `emit(event, **fields)` are the node's."""

    def __init__(self, identity, name, public_key, paths, send, emit):
        self._me, self.name, self.public_key = identity, name, public_key
        self._send_to, self._emit = send, emit
        self.sessions = Sessions(identity, public_key)
        self.routes = [Route(number, local, remote, self._route_changed)
                       for number, (local, remote) in enumerate(paths, 1)]
        self.card = None
        self._last_path = paths[0]
        self._incarnation = 0
        self._counters = {CONTROL: 0, DATA: 0}
        self._begin_anew()

    def _begin_anew(self):
        """The peer's counters start again, and it does not know our card."""
        self._windows = {}
        self._assembler = frames.Assembler()
        self.card, self._card_serial, self._is_card_known = None, 0, False
        self._next_card, self._card_interval = 0, RETRY_FIRST

    def _route_changed(self, route, old, diagnostic):
        self._emit("route", peer=self.name, local=route.local, state=wire.STATES[route.state],
                   was=wire.STATES[old], diagnostic=diagnostic)

    def is_reachable(self):
        return any(route.state == UP for route in self.routes)

    def show(self):
        return {"peer": self.name, "sessions": len(self.sessions.all),
                "card": self.card.name if self.card else None,
                "acknowledged": self._is_card_known,
                "routes": [wire.STATES[route.state] for route in self.routes]}

    # --- output

    def _send_sealed(self, kind, space, counter, payload, path):
        session = self.sessions.current()
        if session:
            header = Header(kind, space, session.remote, counter)
            self._send_to(*path, seal.seal(session.send, self._me.mode, header, payload))

    def _next_counter(self, kind):
        self._counters[kind] += 1
        return self._counters[kind]

    def _best_path(self):
        up = next((route for route in self.routes if route.state == UP), None)
        return (up.local, up.remote) if up else self._last_path

    def send_train(self, train, body_bytes):
        for payload in frames.cut(train, body_bytes):
            self._send_sealed(DATA, 0, self._next_counter(DATA), payload, self._best_path())

    def handle_timers(self, now):
        initiation = self.sessions.poll_initiation(now)
        if initiation:
            for route in self.routes:
                self._send_to(route.local, route.remote, initiation)
        if not self.sessions.current():
            return
        if not self._is_card_known and now >= self._next_card:
            self._next_card = now + self._card_interval
            self._card_interval = min(2 * self._card_interval, RETRY_MAX)
            self._send_sealed(CONTROL, 0, self._next_counter(CONTROL),
                              wire.encode_control(self._me.card_serial, self._me.card),
                              self._best_path())
        for route in self.routes:
            route.handle_timers(now)
            if route.is_due(now):
                counter, heartbeat = route.make_heartbeat(now)
                self._send_sealed(HEARTBEAT, route.number, counter, heartbeat.encode(),
                                  (route.local, route.remote))

    # --- input

    def session_shown(self, session):
        """The session may be used: the peer answered or proved that it has the keys."""
        self._emit("session", peer=self.name, initiated=session.initiated,
                   restarted=session.incarnation != self._incarnation and self._incarnation != 0)
        if session.incarnation != self._incarnation:
            self._incarnation = session.incarnation
            self._begin_anew()
            for route in self.routes:
                route.reset(PEER_RESTARTED)
        for route in self.routes:
            route.hurry()  # so that a responder sees at once that we have the keys

    def handle_datagram(self, now, header, session, path, datagram):
        payload = seal.unseal(session.receive, self._me.mode, header, datagram)
        if not session.confirmed:
            self.sessions.confirm(now, session)
            self.session_shown(session)
        # One window for data, one for control, one for each route's heartbeats.
        place = (header.type, header.space if header.type == HEARTBEAT else 0)
        self._windows.setdefault(place, seal.Window()).take(header.counter)
        self._last_path = path
        handler = {HEARTBEAT: self._handle_heartbeat, CONTROL: self._handle_control,
                   DATA: self._handle_data}[header.type]
        handler(now, header, payload, path)

    def _handle_heartbeat(self, now, header, payload, path):
        heartbeat = wire.Heartbeat.decode(payload)
        if heartbeat.sender_route != header.space:
            raise Refused("rx_malformed")
        for route in self.routes:
            if heartbeat.flags & wire.NOTICE:
                is_meant = heartbeat.receiver_route == route.number
            else:
                is_meant = path == (route.local, route.remote)
            if is_meant:
                return route.handle(now, header.counter, heartbeat)
        raise Refused("rx_unknown_path")

    def _handle_control(self, _now, _header, payload, path):
        serial, card = wire.decode_control(payload)
        if card is None:
            if serial == self._me.card_serial and not self._is_card_known:
                self._is_card_known = True
                self._emit("acknowledged", peer=self.name)
            return
        self._send_sealed(CONTROL, 0, self._next_counter(CONTROL), wire.encode_control(serial),
                          path)
        if serial > self._card_serial:
            self._card_serial, self.card = serial, card
            self._emit("card", peer=self.name, name=card.name, ipv4=card.ipv4, ipv6=card.ipv6,
                       mac=card.mac.hex(":"), mtu=card.mtu,
                       endpoints=[one.address for one in card.endpoints])

    def _handle_data(self, _now, header, payload, path):
        for route in self.routes:
            if path == (route.local, route.remote):
                route.data_received += 1
        train = self._assembler.take(header.counter, payload)
        reply = frames.read_echo_reply(train) if train else None
        if reply:
            address, identifier, sequence, text = reply
            self._emit("echo", peer=self.name, address=address, identifier=identifier,
                       sequence=sequence, payload=text.hex())
