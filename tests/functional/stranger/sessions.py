"""The sessions with one peer: opened, answered, shown, superseded. Times in nanoseconds."""
import dataclasses
import os
import secrets
import time

from stranger import handshake, macs
from stranger.wire import Refused

SECOND = 1_000_000_000
RETRY_FIRST, RETRY_MAX, INITIATION_LIFE = SECOND // 10, SECOND, 5 * SECOND
OLD_SESSION_LIFE, RESPONDER_PATIENCE, COOKIE_LIFE = 20 * SECOND, 10 * SECOND, 120 * SECOND
SESSIONS_MAX = 3


@dataclasses.dataclass
class Session:
    local: int
    remote: int
    send: bytes
    receive: bytes
    incarnation: int
    initiated: bool
    born: int
    confirmed: bool
    superseded: int = 0  # when; 0: not yet


@dataclasses.dataclass
class Attempt:
    """An initiation of ours that waits for its answer."""
    initiation: handshake.Initiation
    born: int
    next_send: int
    interval: int = RETRY_FIRST


class Sessions:
    """`identity` has key, cluster, cluster_keys, mode, incarnation, initiates, answers, rekey."""

    def __init__(self, identity, peer_public):
        self._me, self._peer_public = identity, peer_public
        self.all = []  # oldest first
        self._attempt = None
        self._highest_timestamp = 0
        self._last_exception = 0  # when an old timestamp was let pass
        self._answered = (b"", b"")  # the initiation answered last less its mac2; the response
        self._cookie = (0, None)  # when it came, what it is

    def _fresh_index(self):
        while True:
            index = int.from_bytes(os.urandom(4), "big")
            if index and all(index != one.local for one in self.all):
                return index

    def current(self):
        """The newest that we may send on; None: there is none."""
        return next((one for one in reversed(self.all) if one.confirmed), None)

    def by_index(self, index):
        return next((one for one in self.all if one.local == index), None)

    def _add(self, session):
        # One that the peer never showed gives way to its successor.
        self.all = [one for one in self.all if one.confirmed][-(SESSIONS_MAX - 1):] + [session]

    def confirm(self, now, session):
        """We may send on it: the peer answered, or showed that it has the keys."""
        session.confirmed = True
        for one in self.all:
            if one is not session and one.confirmed and not one.superseded:
                one.superseded = now

    # --- as initiator

    def _wants_initiation(self, now):
        if not self._me.initiates or self._attempt:
            return False
        session = self.current()
        if session is None:
            return True
        patience = 0 if session.initiated else RESPONDER_PATIENCE
        return now - session.born >= self._me.rekey + patience

    def poll_initiation(self, now):
        """The datagram to send on all routes now, or None."""
        self.all = [one for one in self.all
                    if not one.superseded or now - one.superseded < OLD_SESSION_LIFE]
        if self._attempt and now - self._attempt.born >= INITIATION_LIFE:
            self._attempt = None
        if self._wants_initiation(now):
            self._attempt = Attempt(handshake.Initiation(
                self._me.key, self._peer_public, self._me.cluster,
                handshake.MODES[self._me.mode], self._fresh_index(), time.time_ns(),
                self._me.incarnation), now, now)
        attempt = self._attempt
        if not attempt or now < attempt.next_send:
            return None
        attempt.next_send = now + attempt.interval
        attempt.interval = min(2 * attempt.interval, RETRY_MAX)
        came, cookie = self._cookie
        return attempt.initiation.datagram(cookie if now - came < COOKIE_LIFE else None)

    def waits_for(self, index):
        return self._attempt is not None and self._attempt.initiation.index == index

    def handle_response(self, now, datagram):
        initiation = self._attempt.initiation
        index, status, incarnation, keys = initiation.read_response(datagram,
                                                                    self._me.cluster_keys)
        self._attempt = None
        if status == handshake.CLONE:
            raise Refused("we are taken for a clone")
        session = Session(initiation.index, index, *keys, incarnation, True, now, False)
        self._add(session)
        self.confirm(now, session)
        return session

    def handle_cookie(self, now, datagram):
        """Used from the next try on; nothing is sent now."""
        sent_mac1 = self._attempt.initiation.mac1
        self._cookie = (now, handshake.open_cookie_message(self._peer_public, datagram, sent_mac1))

    # --- as responder

    def handle_initiation(self, now, datagram, received, is_reachable):
        """The response to send back, or None when ours goes first."""
        message = datagram[:-macs.MAC_BYTES]
        if secrets.compare_digest(message, self._answered[0]):
            return self._answered[1]
        if received.mode != handshake.MODES[self._me.mode]:
            raise Refused("rx_security_mismatch")
        self._check_timestamp(now, received.timestamp_ns, is_reachable)
        if self._attempt and self._me.key.public.data < self._peer_public:
            return None  # both of us initiate, and ours is the one that is answered
        self._attempt = None
        self._highest_timestamp = max(self._highest_timestamp, received.timestamp_ns)
        index = self._fresh_index()
        response, keys = received.answer(index, received.mode, handshake.DONE,
                                         self._me.incarnation)
        self._add(Session(index, received.index, *keys, received.incarnation, False, now, False))
        self._answered = (message, response)
        return response

    def _check_timestamp(self, now, timestamp, is_reachable):
        if timestamp > self._highest_timestamp:
            return
        if is_reachable or now - self._last_exception < SECOND:
            raise Refused("rx_replayed_opening")
        self._last_exception = now
