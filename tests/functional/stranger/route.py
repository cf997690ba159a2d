"""One route: the three-way start, detection and timing of RFC 5880. Time is in nanoseconds."""
import random

from stranger.wire import (ADMIN_DOWN, DOWN, FINAL, INIT, NOTICE, POLL, UP, Heartbeat, Refused)

MS = 1_000_000
NOT_UP_US = 200_000
DETECTION_EXPIRED, NEIGHBOUR_SAID_DOWN = 1, 3  # diagnostics of RFC 5880
# RFC 5880 §6.8.6: state -> what is received -> new state; what is missing changes nothing.
RECEIVED = {DOWN: {DOWN: INIT, INIT: UP},
            INIT: {INIT: UP, UP: UP, ADMIN_DOWN: DOWN},
            UP: {DOWN: DOWN, ADMIN_DOWN: DOWN}}


class Route:
    def __init__(self, number, local, remote, on_change, delay_ms=100, threshold=5):
        self.number, self.local, self.remote = number, local, remote
        self.state, self.diagnostic, self.counter = DOWN, 0, 0
        self.heard = self.data_received = 0
        self._delay_us, self._threshold = delay_ms * 1000, threshold
        self._on_change = on_change
        self._highest = self._echo_ns = self._echo_at = 0
        self._polling = self._final = False
        self._next = 0
        self._forget_remote()

    def _forget_remote(self):
        self._remote_id = self._remote_threshold = 0
        self._remote_tx_us = self._remote_rx_us = 0
        self._deadline = None

    def reset(self, reason):
        """The peer began anew: another incarnation."""
        self.heard = self._highest = self.data_received = self._echo_ns = 0
        if self.state != DOWN:
            self._apply(DOWN, reason)
        self._forget_remote()
        self.hurry()

    def hurry(self):
        self._next = 0

    def _apply(self, state, reason):
        old, self.state, self.diagnostic = self.state, state, reason
        self._polling = state == UP  # the interval changes now: RFC 5880 §6.5
        if state == DOWN:
            self._forget_remote()
        self.hurry()
        self._on_change(self, old, reason)

    def handle(self, now, counter, heartbeat):
        """A heartbeat that authenticated, is new and belongs to this route."""
        if heartbeat.flags & NOTICE:
            if self.state in (INIT, UP) and heartbeat.state in (ADMIN_DOWN, DOWN):
                self._apply(DOWN, heartbeat.diagnostic)
            return
        self.heard += 1
        if counter < self._highest:
            return  # overtaken: what it says is out of date
        if heartbeat.receiver_route not in (0, self.number):
            raise Refused("rx_wrong_route")
        self._highest = counter
        self._learn(now, heartbeat)
        if heartbeat.flags & POLL:
            self._final = True
            self.hurry()
        if heartbeat.flags & FINAL:
            self._polling = False
        state = RECEIVED[self.state].get(heartbeat.state)
        if state is not None:
            self._apply(state, NEIGHBOUR_SAID_DOWN if state == DOWN else 0)

    def _learn(self, now, heartbeat):
        self._remote_id = heartbeat.sender_route
        self._remote_threshold = heartbeat.threshold
        self._remote_tx_us = heartbeat.desired_tx_us
        self._remote_rx_us = heartbeat.required_rx_us
        self._echo_ns, self._echo_at = heartbeat.transmit_ns, now
        detection_us = self._remote_threshold * max(self._delay_us, self._remote_tx_us)
        self._deadline = now + detection_us * 1000

    def handle_timers(self, now):
        if self._deadline is not None and now >= self._deadline:
            if self.state in (INIT, UP):
                self._apply(DOWN, DETECTION_EXPIRED)
            self._forget_remote()

    def is_due(self, now):
        return now >= self._next

    def _desired_tx_us(self):
        return self._delay_us if self.state == UP else NOT_UP_US

    def make_heartbeat(self, now):
        """(counter, heartbeat); plans the next one, shortened at random (RFC 5880 §6.8.7)."""
        self.counter += 1
        interval_us = max(self._desired_tx_us(), self._remote_rx_us)
        self._next = now + int(interval_us * 1000 * random.uniform(0.75, 1.0))
        flags = FINAL if self._final else POLL if self._polling else 0
        self._final = False
        hold_us = (now - self._echo_at) // 1000 if self._echo_ns else 0
        return self.counter, Heartbeat(
            self.state, flags, self.diagnostic, self._threshold, self.number, self._remote_id,
            self._desired_tx_us(), self._delay_us, now, self._echo_ns, min(hold_us, 0xffffffff),
            self.heard, self._highest, self.data_received)
