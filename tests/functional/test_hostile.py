"""Somebody on the switch, without a key: what he sends is counted by name, and changes nothing.

    n1 --- switch --- n2     net0      the attacker sits on the switch
"""
import contextlib
import json
import pathlib
import subprocess
import sys

from lab.shell import output_of, wait_until
from lab.spec import Spec, namespace_of
from support.registry import test
from support.sessions import wait_for

from stranger import wire
from stranger.attacker import Flood, Tap, garbage, inject, valid_mac_initiations
from stranger.driver import key_bytes_of

TWO = Spec(nodes=2, networks=1, security="encrypt")
N1, N2 = "10.0.0.1", "10.0.0.2"
KINDS = (wire.INITIATION, wire.RESPONSE, wire.HEARTBEAT, wire.DATA, wire.CONTROL)
ECHO_PORT = 7788


class Calm:
    """What an attack must not change, as it was before."""

    def __init__(self, lab):
        self._lab = lab
        self._before = self._now()

    def _now(self):
        found = {}
        for node, daemon in self._lab.nodes.items():
            for peer in daemon.show()["peers"]:
                found[node, peer["name"]] = (peer["state"], peer["session"]["opened"])
        return found, self._lab.flaps()

    def check(self, sessions=True):
        (peers, flaps), (peers_now, flaps_now) = self._before, self._now()
        assert flaps_now == flaps, "a route flapped"
        for pair, (state, opened) in peers.items():
            assert peers_now[pair][0] == state, f"{pair} is {peers_now[pair][0]}"
            assert not sessions or peers_now[pair][1] == opened, f"{pair} has a new session"


def drops_of(lab, node="n1"):
    return lab[node].show()["drops"]


def counted_since(lab, before):
    """How much each of n1's drop reasons has risen."""
    return {reason: count - before.get(reason, 0) for reason, count in drops_of(lab).items()
            if count != before.get(reason, 0)}


def wait_counted(lab, before, count, *reasons):
    """So many datagrams are counted under the reasons (none given: any)."""
    def risen():
        new = counted_since(lab, before)
        return sum(n for reason, n in new.items() if not reasons or reason in reasons) >= count
    wait_until(risen, 10)
    assert risen(), f"{count} were sent, counted: {counted_since(lab, before)}"


SENDER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(200):
    s.sendto(b"%06d" % number, (sys.argv[1], 7799))
    if number % 20 == 19:
        import time; time.sleep(0.002)
"""
RECEIVER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 7799))
print("ready", flush=True)
while (data := s.recv(100)) != b"end":
    print(data.decode(), flush=True)
"""


@contextlib.contextmanager
def receiver_of(lab, node):
    """Prints the numbered datagrams that come over netft0."""
    process = lab[node].popen(sys.executable, "-c", RECEIVER, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


def whole_conversation(lab, tap):
    """Every kind of message: a restart of n2, heartbeats, cards, and datagrams over netft0."""
    lab["n2"].stop()
    lab["n2"].start()
    lab.wait_all_up()
    lab["n2"].run("ping", "-c", 3, "-i", 0.02, lab.peer("n2", "n1")["ipv4"])
    tap.wait("heartbeat", lambda one: one.kind == wire.HEARTBEAT)
    return [one for one in tap.read(0.1) if one.kind]


def one_of_each(packets):
    """The last one of each kind that n2 sent to n1, and the last response of either direction."""
    last = {one.kind: one for one in packets if one.target == N1}
    return [last[kind] for kind in KINDS if kind in last]


@test(TWO)
def replayed_and_reflected_traffic_changes_nothing(lab):
    # Else datagrams that were sent together are seen as one packet.
    lab["n2"].run("ethtool", "-K", "eth0", "tx-udp-segmentation", "off")
    with Tap("n2") as tap:
        whole_conversation(lab, tap)
        target = lab.peer("n2", "n1")["ipv4"]
        with receiver_of(lab, "n1") as receiver:
            lab["n2"].run(sys.executable, "-c", SENDER, target)
            packets = [one for one in tap.read(0.2) if one.kind and one.target == N1]
            assert sum(one.kind == wire.DATA for one in packets) >= 200
            calm, before = Calm(lab), drops_of(lab)
            openings = [one for one in packets if one.kind in (wire.INITIATION, wire.RESPONSE)]
            for attack in (packets, [one.from_elsewhere() for one in packets],
                           [one.reflected().but(target_mac=one.target_mac, target=N1, source=N2)
                            for one in tap.packets if one.kind and one.source == N1]):
                inject("n1", attack)
            # An initiation answered last is answered again: no drop. All else is one.
            wait_counted(lab, before, 2 * (len(packets) - len(openings)), "rx_duplicate",
                         "rx_too_old", "rx_no_session", "rx_bad_seal", "rx_unknown_path")
            lab["n2"].run(sys.executable, "-c",
                          "import socket, sys; socket.socket(2, 2).sendto(b'end', "
                          "(sys.argv[1], 7799))", target)
            numbers = receiver.communicate(timeout=10)[0].split()
            assert len(numbers) == len(set(numbers)) == 200, f"{len(numbers)} came"
        calm.check()


@test(TWO)
def a_flipped_bit_anywhere_changes_nothing(lab):
    with Tap("n2") as tap:
        kinds = one_of_each(whole_conversation(lab, tap) + respond_too(lab, tap))
    assert [one.kind for one in kinds] == list(KINDS), [one.kind for one in kinds]
    calm = Calm(lab)
    for packet in kinds:
        before = drops_of(lab)
        sent = inject("n1", packet.flipped())
        # Without load nobody looks at mac2: an initiation whose mac2 is broken is a copy.
        wait_counted(lab, before, sent - (16 if packet.kind == wire.INITIATION else 0))
    calm.check()
    lab["n1"].run("ping", "-c", 3, "-i", 0.02, lab.peer("n1", "n2")["ipv4"])


def respond_too(lab, tap):
    """Restarts n1, so that n2 has answered it: its response is on the wire as well."""
    lab["n1"].stop()
    lab["n1"].start()
    lab.wait_all_up()
    lab["n2"].run("ping", "-c", 3, "-i", 0.02, lab.peer("n2", "n1")["ipv4"])
    tap.wait("heartbeat", lambda one: one.kind == wire.HEARTBEAT)
    return [one for one in tap.read(0.1) if one.kind]


@test(TWO)
def truncated_at_every_length_it_changes_nothing(lab):
    with Tap("n2") as tap:
        kinds = one_of_each(whole_conversation(lab, tap) + respond_too(lab, tap))
    calm = Calm(lab)
    for packet in kinds:
        before = drops_of(lab)
        wait_counted(lab, before, inject("n1", packet.truncated()))
    calm.check()


def change_n2(lab, name, old, new):
    """A configuration for n2 alone."""
    text = lab.config.read_text(encoding="utf-8")
    assert old in text, old
    path = lab.config.with_name(name)
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@contextlib.contextmanager
def n2_with(lab, config, key=None):
    """n2 runs with another configuration, and perhaps with another private key."""
    daemon, file = lab["n2"], lab["n2"].directory / "node.key"
    good_config, good_key = daemon.config, file.read_bytes()
    daemon.stop()
    daemon.config = config
    if key:
        file.write_bytes(key)
    try:
        daemon.start()
        yield
    finally:
        daemon.stop()
        daemon.config = good_config
        file.write_bytes(good_key)


@test(TWO)
def a_node_with_another_cluster_key_stays_out(lab):
    other = lab.config.with_name("other.key")
    other.unlink(missing_ok=True)
    output_of(lab.binaries.find("netft-key"), "cluster", "-o", str(other))
    config = change_n2(lab, "other.toml", "cluster.key", "other.key")
    with n2_with(lab, config):
        wait_for("it is counted", lambda: sum(
            drops_of(lab, node).get("rx_wrong_cluster_key", 0) for node in lab.nodes))
        wait_for("a log names the other node", lambda: any(
            "cluster key" in line and other in line
            for node, other in (("n1", "n2"), ("n2", "n1"))
            for line in lab[node].last_words(400).splitlines()))
        assert lab.peer("n1", "n2")["state"] == "unreachable"
    lab["n2"].start()
    lab.wait_all_up()


@test(TWO)
def a_node_whose_key_nobody_knows_stays_out(lab):
    key = lab.config.with_name("unknown.key")
    key.unlink(missing_ok=True)
    tool = lab.binaries.find("netft-key")
    public = output_of(tool, "generate", "-o", str(key)).strip()
    old = output_of(tool, "public", str(lab["n2"].directory / "node.key")).strip()
    config = change_n2(lab, "unknown.toml", old, public)
    before = drops_of(lab)
    with n2_with(lab, config, key.read_bytes()):
        wait_counted(lab, before, 2, "rx_unknown_node")
        assert lab.peer("n1", "n2")["state"] == "unreachable"
    lab["n2"].start()
    lab.wait_all_up()


@test(TWO)
def a_session_does_not_follow_a_spoofed_source(lab):
    calm = Calm(lab)
    with Tap("n2") as out, Tap("n1") as there:
        # Held back at the switch: n1 has never seen these, and they authenticate.
        lab.cut("n2", "net0", "oneway", "out")
        held = out.wait("heartbeats of n2", lambda one: one.kind == wire.HEARTBEAT
                        and one.source == N2)[-1]
        before = drops_of(lab)
        inject("n1", [held.from_elsewhere()] * 3)
        lab.heal("n2", "net0")
        wait_counted(lab, before, 3, "rx_unknown_path", "rx_duplicate")
        there.wait("heartbeats to n2", lambda one: one.kind == wire.HEARTBEAT
                   and one.target == N2 and one.source == N1)
        assert not [one for one in there.read(0.3) if one.target == "10.0.0.200"]
    calm.check()


def neighbours(lab, node, addresses):
    """The node's kernel knows a MAC address for each: what it answers is seen on the wire."""
    lines = "".join(f"neigh replace {one} lladdr 02:65:76:69:6c:21 dev eth0\n" for one in addresses)
    output_of("ip", "-n", namespace_of(node), "-batch", "-", stdin=lines)


@test(TWO, figure=True)
def a_flood_of_handshakes_does_not_keep_a_peer_out(lab):
    handshake_flood(lab, 3)


def handshake_flood(lab, seconds):
    """mac1 is right, the rest is random, the sources are many; n2 restarts in the middle of it."""
    sources = [f"10.0.0.{last}" for last in range(100, 200)]
    neighbours(lab, "n1", sources)
    with Tap("n1") as tap:
        sample = tap.wait("heartbeat to n1", lambda one: one.kind and one.target == N1)[0]
    packets = list(valid_mac_initiations(sample, key_bytes_of(lab, "n1"), 20_000, sources))
    before, pid = drops_of(lab), lab["n1"].pid()
    with Tap("n1") as tap, Flood(lab, "n1", packets, seconds + 3, rate=20_000) as flood:
        wait_counted(lab, before, 1000, "rx_needs_cookie")
        lab["n2"].kill()
        lab["n2"].start()
        assert flood.is_running(), "the flood was over before n2 came back"
        wait_for("n2 is back", lambda: lab.is_up("n1", "n2", "net0")
                 and lab.peer("n1", "n2")["state"] == "reachable", 10)
        tap.wait("cookies", lambda one: one.kind == wire.COOKIE)
        rate = flood.finish()
    print(f"     {rate:.0f} initiations a second; counted: {counted_since(lab, before)}", flush=True)
    assert lab["n1"].pid() == pid


class Probes:
    """1 ms probes from n2 to n1 over one address until finish(). Not by Python: four such programs
    would take most of a core, which the flood and netftd need."""

    def __init__(self, lab, address):
        self._process = lab["n2"].popen(lab.binaries.find("bench_udp"), "probe", address, ECHO_PORT,
                                        3600, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == "ready\n"

    def finish(self):
        self._process.terminate()
        return json.loads(self._process.communicate(timeout=10)[0])

    def close(self):
        self._process.kill()
        self._process.wait()


@contextlib.contextmanager
def probes_over(lab, *addresses):
    echo = lab["n1"].popen(lab.binaries.find("bench_udp"), "echo", ECHO_PORT,
                           stdout=subprocess.DEVNULL)
    running = []
    try:
        for address in addresses:
            running.append(Probes(lab, address))
        yield running
    finally:
        for one in running:
            one.close()
        echo.kill()
        echo.wait()


def resident_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError(f"no VmRSS of {pid}")


def garbage_flood(lab, seconds, rate, knows_index=False):
    with Tap("n1") as tap:
        sample = tap.wait("heartbeat to n1", lambda one: one.kind == wire.HEARTBEAT
                          and one.target == N1)[-1]
    packets = list(garbage(sample, 20_000, knows_index))
    packets += [one.from_elsewhere() for one in packets[:10_000]]
    calm, before = Calm(lab), drops_of(lab)
    with probes_over(lab, lab.peer("n2", "n1")["ipv4"], N1) as (over, bare):
        with Flood(lab, "n1", packets, 1, rate) as flood:
            flood.finish()  # what is allocated once is allocated now
        memory = resident_kb(lab["n1"].pid())
        with Flood(lab, "n1", packets, seconds, rate) as flood:
            reached = flood.finish()
        results = over.finish(), bare.finish()
        grown = resident_kb(lab["n1"].pid()) - memory
    print(f"     {reached:.0f} datagrams a second for {seconds} s; netft0 lost {results[0]['lost']} "
          f"of {results[0]['sent']} probes, the bare path {results[1]['lost']} of "
          f"{results[1]['sent']}; memory {grown:+} kB; {counted_since(lab, before)}", flush=True)
    calm.check()
    assert results[0]["lost"] <= results[1]["lost"], results
    assert grown <= 2048, f"{grown} kB more"


@test(TWO, figure=True)
def a_flood_of_garbage_loses_no_probe(lab):
    garbage_flood(lab, 3, 200_000)


@test(TWO, figure=True)
def a_flood_from_somebody_who_reads_the_wire_loses_no_probe(lab):
    # Each of these costs netftd a decryption: what it can bear is a matter of the processor.
    garbage_flood(lab, 3, 50_000, knows_index=True)


@test(TWO, figure=True, long=True, seconds=180)
def thirty_seconds_of_garbage_lose_no_probe(lab):
    garbage_flood(lab, 30, 200_000)
