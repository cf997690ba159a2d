"""The story of netft in one command: a cluster, a TCP stream, a cable cut, and nobody notices."""
import json
import signal
import subprocess
import sys
import time

from lab import laboratory, probe, wire
from lab.laboratory import Laboratory
from lab.shell import LabError, wait_until
from lab.spec import Spec

PROBE_PORT = 7777
STREAM_PORT = 5201
STREAM_RATE = "200M"  # leaves the cores of a small machine to the probe
ROUTE_SECONDS = 10
SECRET = "nobody-reads-me!"  # ping takes a pattern of 16 bytes
# net0 is preferred, so that traffic goes back to it when it is healed.
PREFERENCE = '[[network]]\nsubnet = "10.0.0.0/24"\nmetric = 10\n'


def say(text):
    print(text, flush=True)


def chapter(text):
    say(f"\n== {text}")


def _wait_sockets(daemon, query, count):
    """Returns when so many TCP sockets of the node answer ss(8)'s query."""
    ask = ["ss", "-Htn", *query.split()]
    if not wait_until(lambda: len(daemon.run(*ask).stdout.splitlines()) >= count, 10):
        raise LabError(f"{daemon.node}: no TCP socket: {' '.join(ask)}")


class Stream:
    """One TCP connection from n1 to n2 over netft0, for the whole story."""

    def __init__(self, lab, address):
        self._server = lab["n2"].popen("iperf3", "-s", "-1", "-p", STREAM_PORT,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _wait_sockets(lab["n2"], f"-l sport = :{STREAM_PORT}", 1)
        self._client = lab["n1"].popen("iperf3", "-J", "-i", "0.1", "-t", 3600, "-b", STREAM_RATE,
                                       "-p", STREAM_PORT, "-c", address, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
        # iperf3's own connection and the one that carries the data
        _wait_sockets(lab["n1"], f"state established dport = :{STREAM_PORT}", 2)

    def is_running(self):
        return self._client.poll() is None

    def finish(self):
        """Gives (megabytes, longest pause in ms, retransmitted segments)."""
        self._client.send_signal(signal.SIGINT)
        report = json.loads(self._client.communicate(timeout=10)[0])
        # The last interval is cut short by the end of the stream.
        intervals = [interval["sum"] for interval in report["intervals"]][:-1]
        pause = longest = 0.0
        for interval in intervals:
            pause = pause + interval["seconds"] if interval["bytes"] == 0 else 0.0
            longest = max(longest, pause)
        self.close()
        total = sum(interval["bytes"] for interval in intervals)
        resent = sum(interval.get("retransmits", 0) for interval in intervals)
        return total / 1e6, longest * 1000, resent

    def close(self):
        for process in (self._client, self._server):
            process.kill()
            process.wait()


class Probe:
    """1 ms probes from n1 to n2 over netft0 during one chapter."""

    def __init__(self, lab, address, source="n1", echo="n2"):
        self._echo = lab[echo].popen(sys.executable, probe.__file__, "echo", PROBE_PORT)
        self._send = lab[source].popen(sys.executable, probe.__file__, "send", address, PROBE_PORT,
                                       stdout=subprocess.PIPE)
        if self._send.stdout.readline().strip() != "ready":
            self.close()
            raise LabError(f"probe: no answer from {address}")

    def finish(self):
        self._send.terminate()
        result = json.loads(self._send.communicate(timeout=10)[0])
        self.close()
        return result

    def close(self):
        for process in (self._send, self._echo):
            process.kill()
            process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._send.poll() is None:
            self.close()


def _wait_state(lab, state):
    def reached():
        route = lab.route("n1", "n2", "net0")
        return route if route and route["state"] == state else None
    route = wait_until(reached, ROUTE_SECONDS)
    if not route:
        raise LabError(f"the route is not {state} after {ROUTE_SECONDS} s")
    return route


def _wait_returned(lab):
    """Traffic goes back to the first network after the hold-down."""
    return wait_until(lambda: lab.network_in_use("n1", "n2") == "net0", ROUTE_SECONDS + 5,
                      every=0.1)


def _print_routes(lab, node="n1"):
    done = lab[node].run(lab.binaries.find("netft-route"), "show")
    say("\n".join(f"   {line}" for line in done.stdout.rstrip().splitlines()))


def _break_and_mend(lab, address, title, kind):
    """One fault with the probe running; gives the row of the closing table."""
    with Probe(lab, address) as prober:
        # A second of calm before the fault: the probe measures what is normal, too.
        wait_until(lambda: False, 1)
        lab.cut("n1", "net0", kind)
        route = _wait_state(lab, "down")
        wait_until(lambda: False, 1)  # and a second after it
        result = prober.finish()
    say(f"   route {route['local']} -> {route['remote']} is {route['state']}: {route['reason']}")
    say(f"   longest gap of the 1 ms probes: {result['longest_gap_ms']} ms, "
        f"{result['lost']} of {result['sent']} lost; traffic goes on over net1")
    lab.heal("n1", "net0")
    _wait_state(lab, "up")
    began = time.monotonic()
    back = _wait_returned(lab)
    say("   healed: the route is up again, and after the hold-down "
        f"({time.monotonic() - began:.0f} s) traffic is back on net0" if back else
        "   healed: the route is up again")
    return [title, route["reason"], f"{result['longest_gap_ms']} ms", str(result["lost"])]


def _eavesdrop(lab, address):
    """A text crosses netft0 while somebody listens on the networks below."""
    listener = lab["n1"].popen(sys.executable, wire.__file__, SECRET, stdout=subprocess.PIPE)
    try:
        listener.stdout.readline()
        lab["n1"].run("ping", "-c", 5, "-i", 0.1, "-p", SECRET.encode().hex(), address)
        listener.terminate()
        heard = json.loads(listener.communicate(timeout=10)[0])
    finally:
        listener.kill()
        listener.wait()
    inside = heard.pop("netft0", {"readable": 0})["readable"]
    below = [counts for interface, counts in heard.items() if interface.startswith("eth")]
    packets, readable = (sum(counts[key] for counts in below) for key in ("packets", "readable"))
    say(f"   \"{SECRET}\" crossed netft0 in {inside} packets; on eth0 and eth1 it is in "
        f"{readable or 'none'} of {packets}")


def _table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        say("   " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def _story(lab):
    chapter("Three nodes, two networks: each node is joined to both switches")
    say("   n1, n2, n3 have eth0 on net0 (10.0.0.0/24) and eth1 on net1 (10.1.0.0/24);")
    say("   net0 has the lower metric in cluster.toml, so it is used while it is up")
    began = time.monotonic()
    lab.up()
    say(f"   netftd runs on each node; all routes are up after {time.monotonic() - began:.1f} s")
    # What the nodes tell each other of the networks comes a moment after their routes.
    wait_until(lambda: all(net["state"] == "up" for net in lab["n1"].show()["networks"]), 5)
    chapter("What n1 knows: one route over each network to each peer  (netft-route show)")
    _print_routes(lab)
    peer = lab.peer("n1", "n2")
    chapter(f"One address for n2, whatever the path: ping {peer['ipv4']} over netft0")
    pinged = lab["n1"].run("ping", "-c", 3, "-i", 0.2, peer["ipv4"]).stdout.splitlines()
    say("\n".join(f"   {line}" for line in pinged if "bytes from" in line))
    chapter("Private: somebody listens on both networks for the text that a ping carries")
    _eavesdrop(lab, peer["ipv4"])
    chapter("A TCP stream from n1 to n2 begins; it runs through everything that follows")
    stream = Stream(lab, peer["ipv4"])
    rows = [["fault", "n1 says", "longest gap", "probes lost"]]
    chapter("Silent cut: net0 loses every packet of n1, its carrier stays up")
    rows.append(_break_and_mend(lab, peer["ipv4"], "silent cut", "silent"))
    chapter("Carrier cut: the cable of n1 to net0 is pulled out")
    rows.append(_break_and_mend(lab, peer["ipv4"], "carrier cut", "carrier"))
    chapter("In short")
    alive = stream.is_running()
    megabytes, pause, resent = stream.finish()
    _table(rows)
    say(f"   the TCP stream {'never broke' if alive else 'BROKE'}: {megabytes:.0f} MB in one "
        f"connection, longest pause {pause:.0f} ms, {resent} segments sent again")
    return 0 if alive else 1


def tell(binaries):
    lab = Laboratory(Spec(extra=PREFERENCE), binaries)
    began = time.monotonic()
    if laboratory.exists():
        raise LabError("a lab is up already; 'netft-lab down' removes it")
    try:
        return _story(lab)
    finally:
        laboratory.down()
        say(f"   everything is removed again; the story took {time.monotonic() - began:.0f} s")
