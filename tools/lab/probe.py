"""One UDP datagram a millisecond to an echo, and the longest gap between two answered ones.

  probe.py echo PORT                     answers until it is ended
  probe.py send ADDRESS PORT [SECONDS]   prints "ready" at the first answer, then probes until
                                         SIGTERM or SECONDS are over and prints one JSON object

The gap is counted between the times of sending, so a late answer is no gap. `stall_ms` is the
longest time this program itself did not get to send: no gap shorter than that says anything.
"""
import json
import os
import select
import signal
import socket
import sys
import threading
import time

INTERVAL = 0.001
LINGER = 0.3  # how long answers may come after the last probe


def hurry():
    """A probe that is not run on time measures the scheduler."""
    try:
        os.nice(-15)
    except OSError:
        pass


def echo(port):
    hurry()
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", port))
    while True:
        try:
            data, sender = server.recvfrom(100)
            server.sendto(data, sender)
        except OSError:
            pass  # the way back is down at the moment: the prober sees it


class Prober:
    def __init__(self, address, port):
        family, kind, _, _, self._target = socket.getaddrinfo(
            address, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind)
        self._socket.setblocking(False)
        self._sent = []
        self._answered = set()
        self._stop = threading.Event()

    def stop(self, *_):
        self._stop.set()

    def _receive_until(self, deadline):
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._socket], [], [], left)[0]:
                self._take_answers()

    def _take_answers(self):
        while True:
            try:
                self._answered.add(int(self._socket.recv(100)))
            except OSError:
                return  # nothing left, or an ICMP error of an earlier probe

    def _send(self, payload):
        try:
            self._socket.sendto(payload, self._target)
        except OSError:
            pass  # unreachable now: counts as not answered

    def _wait_first_answer(self):
        while not self._answered and not self._stop.is_set():
            self._send(b"-1")
            self._receive_until(time.monotonic() + 0.01)
        print("ready", flush=True)

    def run(self, seconds):
        self._wait_first_answer()
        now = due = time.monotonic()
        end = now + seconds
        while not self._stop.is_set() and now < end:
            self._sent.append(now)
            self._send(b"%d" % (len(self._sent) - 1))
            # After a stall the next probe goes out at once, but missed ones are not made up for.
            due = max(due + INTERVAL, now)
            self._receive_until(due)
            self._take_answers()
            now = time.monotonic()
        self._receive_until(time.monotonic() + LINGER)

    def result(self):
        times = [at for number, at in enumerate(self._sent) if number in self._answered]
        return {"sent": len(self._sent), "lost": len(self._sent) - len(times),
                "longest_gap_ms": round(longest_step(times) * 1000, 1),
                "stall_ms": round(longest_step(self._sent) * 1000, 1)}


def longest_step(times):
    return max((b - a for a, b in zip(times, times[1:])), default=0.0)


def main():
    if sys.argv[1] == "echo":
        echo(int(sys.argv[2]))
    hurry()
    prober = Prober(sys.argv[2], int(sys.argv[3]))
    signal.signal(signal.SIGTERM, prober.stop)
    prober.run(float(sys.argv[4]) if len(sys.argv) > 4 else 3600)
    print(json.dumps(prober.result()), flush=True)


if __name__ == "__main__":
    main()
