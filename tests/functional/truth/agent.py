"""The witness's hands on one node: a line of JSON in, a line of JSON out. Standard library only.

Answers echoes on UDP (with this node's name, so that a wrong machine at an address is seen) and TCP.
  {"op": "probe", "jobs": [{"dev", "src", "dst", "port", "size", "count"}], "seconds": S}
      -> [{"answers": n, "names": ["n2"]}], one a job; dev "" binds to no device
  {"op": "stream", "jobs": [{"dst", "bytes"}], "seconds": S}   -> [true|false]
  {"op": "listen", "addresses": [...]}   from now on: packets to these addresses on other devices
      than the adapter
  {"op": "heard"}                        -> {device: packets}, and counts anew
"""
import json
import os
import select
import socket
import struct
import sys
import threading
import time

PATH_PORT = 7343     # faults of the grammar treat it as netft's own
ADAPTER_PORT = 7344
STREAM_PORT = 7345
IP_PKTINFO = 8


def is_v6(address):
    return ":" in address


def echo_socket(family, port):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        sock.bind(("::", port))
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        sock.bind(("0.0.0.0", port))
    return sock


def answer(sock, name):
    """From the address and by the interface that was asked, as netft does."""
    data, control, _, sender = sock.recvmsg(2048, 256)
    extra = []
    for level, kind, value in control:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
            index, _, asked = struct.unpack("I4s4s", value[:12])
            extra = [(level, kind, struct.pack("I4s4s", index, asked, b"\0" * 4))]
        elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            extra = [(level, kind, value)]
    sock.sendmsg([data[:8] + name.encode().ljust(16, b"\0") + data[24:]], extra, 0, sender)


def serve_echoes(name):
    socks = [echo_socket(family, port) for family in (socket.AF_INET, socket.AF_INET6)
             for port in (PATH_PORT, ADAPTER_PORT)]
    while True:
        for sock in select.select(socks, [], [])[0]:
            try:
                answer(sock, name)
            except OSError:
                pass  # the way back is closed: the asker sees it


def serve_streams():
    server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", STREAM_PORT))
    server.listen(64)
    while True:
        client, _ = server.accept()
        threading.Thread(target=drain, args=(client,), daemon=True).start()


def drain(client):
    with client:
        client.settimeout(10)
        total = 0
        try:
            while (data := client.recv(65536)):
                total += len(data)
            client.sendall(struct.pack("!Q", total))
        except OSError:
            pass


def open_probe(job):
    family = socket.AF_INET6 if is_v6(job["dst"]) else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    if job["dev"]:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, job["dev"].encode())
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER: DF, as netft sends
    if job.get("src"):
        sock.bind(socket.getaddrinfo(job["src"], 0, type=socket.SOCK_DGRAM)[0][4])
    sock.connect(socket.getaddrinfo(job["dst"], job["port"], type=socket.SOCK_DGRAM)[0][4])
    return sock


class Probe:
    def __init__(self, job):
        self.job = job
        self.answered = {}
        try:
            self.sock = open_probe(job)
        except OSError:
            self.sock = None

    def send(self, number):
        if self.sock and number < self.job["count"]:
            payload = struct.pack("!II", 0x74727574, number).ljust(self.job["size"], b"\0")
            try:
                self.sock.send(payload)
            except OSError:
                pass  # counts as not answered

    def take(self):
        while True:
            try:
                data = self.sock.recv(2048)
            except OSError:
                return
            self.answered[struct.unpack("!I", data[4:8])[0]] = data[8:24].rstrip(b"\0").decode()

    def is_done(self):
        return not self.sock or len(self.answered) >= self.job["count"]

    def result(self):
        return {"answers": len(self.answered), "names": sorted(set(self.answered.values()))}


def probe(jobs, seconds):
    probes = [Probe(job) for job in jobs]
    rounds = max((job["count"] for job in jobs), default=0)
    end = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < end and not all(p.is_done() for p in probes):
        if sent < rounds:
            for one in probes:
                one.send(sent)
            sent += 1
        open_ones = {p.sock: p for p in probes if p.sock and not p.is_done()}
        for sock in select.select(list(open_ones), [], [], 0.02)[0]:
            open_ones[sock].take()
    for one in probes:
        if one.sock:
            one.sock.close()
    return [one.result() for one in probes]


def stream_one(job, seconds, results, place):
    end = time.monotonic() + seconds
    try:
        where = socket.getaddrinfo(job["dst"], STREAM_PORT, type=socket.SOCK_STREAM)[0][4]
        family = socket.AF_INET6 if is_v6(job["dst"]) else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.settimeout(seconds)
            sock.connect(where)
            left = job["bytes"]
            while left > 0:
                sock.settimeout(max(0.01, end - time.monotonic()))
                left -= sock.send(b"x" * min(left, 65536))
            sock.shutdown(socket.SHUT_WR)
            sock.settimeout(max(0.01, end - time.monotonic()))
            results[place] = struct.unpack("!Q", sock.recv(8))[0] == job["bytes"]
    except (OSError, struct.error):
        results[place] = False


def stream(jobs, seconds):
    results = [False] * len(jobs)
    threads = [threading.Thread(target=stream_one, args=(job, seconds, results, i))
               for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Listener:
    """Counts IP packets to or from some addresses on every device but the adapter."""

    def __init__(self):
        self._addresses = set()
        self._heard = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def listen(self, addresses):
        packed = {socket.inet_pton(socket.AF_INET6 if is_v6(a) else socket.AF_INET, a)
                  for a in addresses}
        with self._lock:
            self._addresses, self._heard = packed, {}

    def heard(self):
        with self._lock:
            heard, self._heard = self._heard, {}
        return heard

    def _run(self):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
        while True:
            packet, (device, protocol, kind, *_) = sock.recvfrom(80)
            if kind != socket.PACKET_OUTGOING or device in ("lo", "netft0"):
                continue
            if protocol == 0x0800:
                ends = (packet[12:16], packet[16:20])
            elif protocol == 0x86dd:
                ends = (packet[8:24], packet[24:40])
            else:
                continue
            with self._lock:
                if ends[0] in self._addresses or ends[1] in self._addresses:
                    self._heard[device] = self._heard.get(device, 0) + 1


def main():
    name = sys.argv[1]
    os.nice(-5)
    listener = Listener()
    threading.Thread(target=serve_echoes, args=(name,), daemon=True).start()
    threading.Thread(target=serve_streams, daemon=True).start()
    doers = {"probe": lambda order: probe(order["jobs"], order["seconds"]),
             "stream": lambda order: stream(order["jobs"], order["seconds"]),
             "listen": lambda order: listener.listen(order["addresses"]),
             "heard": lambda order: listener.heard()}
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(doers[order["op"]](order)), flush=True)


if __name__ == "__main__":
    main()
