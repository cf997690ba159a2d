"""What the wire shows: nothing but noise in mode encrypt; everything, but unchangeable, in sign.

    n1 --- switch --- n2     net0      the attacker sits on the switch
"""
import base64
import contextlib
import json
import math
import signal
import subprocess

from lab.shell import LabError
from lab.spec import SWITCH, Spec, switch_port
from support.registry import test
from support.sessions import wait_for

from stranger import wire
from stranger.attacker import Tap, inject
from stranger.driver import cluster_keys_of, public_keys_of

ENCRYPT = Spec(nodes=2, networks=1, security="encrypt")
SIGN = Spec(nodes=2, networks=1, security="sign")
SECRET = "The quick brown fox jumps over the lazy dog, 0123456789 times.! "
GRAM = 8
LEAST_CAPTURED = 4_100_000  # bytes: the text that talk() sends
TALK = f"""
import socket, sys
if sys.argv[1] == "listen":
    server = socket.create_server(("0.0.0.0", 7070))
    print("ready", flush=True)
    peer, total = server.accept()[0], 0
    while got := peer.recv(1 << 16):
        total += len(got)
    print(total, flush=True)
else:
    peer = socket.create_connection((sys.argv[2], 7070))
    for _ in range(2000):
        peer.sendall({SECRET!r}.encode() * 32)
"""


def grams(*texts):
    """All runs of GRAM bytes, also across the seam when a text is repeated."""
    found = set()
    for text in texts:
        ring = text + text[:GRAM - 1]
        found.update(ring[at:at + GRAM] for at in range(len(ring) - GRAM + 1))
    return found


def talk(lab):
    """4 MB of the known text over TCP and a ping that carries it."""
    address = lab.peer("n1", "n2")["ipv4"]
    listener = lab["n2"].popen("python3", "-c", TALK, "listen", stdout=subprocess.PIPE)
    try:
        assert listener.stdout.readline() == "ready\n"
        lab["n1"].run("python3", "-c", TALK, "talk", address)
        assert int(listener.communicate(timeout=20)[0]) == 2000 * 32 * len(SECRET)
    finally:
        listener.kill()
        listener.wait()
    pattern = SECRET[:16].encode().hex()
    lab["n1"].run("ping", "-c", 5, "-i", 0.05, "-s", 200, "-p", pattern, address)


@contextlib.contextmanager
def captured(lab, file):
    """tcpdump on the switch's port of n2 while the block runs."""
    process = subprocess.Popen(
        ["ip", "netns", "exec", SWITCH, "tcpdump", "-i", switch_port("n2", "net0"), "-w", str(file),
         "-s", "0", "-U", "-B", "65536", "-Z", "root", "udp port 3343"], stderr=subprocess.PIPE,
        text=True)
    try:
        line = process.stderr.readline()
        while "listening" not in line:
            if not line:
                raise LabError("tcpdump does not start")
            line = process.stderr.readline()
        yield
        # On SIGINT it ends with what it has read, not with what has been there to read.
        wait_for("the capture", lambda: file.stat().st_size > LEAST_CAPTURED)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def payloads_of(file):
    """What tshark reads: the payloads of all datagrams on netft's port."""
    done = subprocess.run(["tshark", "-r", str(file), "-T", "fields", "-e", "udp.payload"],
                          capture_output=True, text=True, check=True, timeout=120)
    return [bytes.fromhex(line.replace(":", "")) for line in done.stdout.split()]


def secrets_of(lab):
    """What must not be read on the wire besides the text: keys, names, cards, addresses."""
    shown = lab["n1"].show(), lab["n2"].show()
    found = [base64.b64decode(key) for key in cluster_keys_of(lab.config)]
    found += [base64.b64decode(key) for key in public_keys_of(lab.config).values()]
    for one in shown:
        adapter = one["adapter"]
        found.append(bytes.fromhex(adapter["mac"].replace(":", "")) + b"\x08\x00")
        found.append(wire.ipaddress.IPv6Address(adapter["ipv6"]).packed)
    return found


def talked_and_captured(lab):
    file = lab.config.with_name("wire.pcap")
    with captured(lab, file):
        lab["n2"].stop()  # so that the handshake and the cards are in it
        lab["n2"].start()
        lab.wait_all_up()
        talk(lab)
    return payloads_of(file)


def entropy(data):
    """Of single bytes, in bits."""
    shares = [data.count(bytes([value])) / len(data) for value in range(256)]
    return -sum(share * math.log2(share) for share in shares if share)


@test(ENCRYPT)
def nothing_known_is_read_on_the_wire(lab):
    payloads = talked_and_captured(lab)
    assert sum(map(len, payloads)) > 4_000_000, "the traffic was not captured"
    # Not those of zeros: counters, which stand in the headers, look like the middle of an address,
    # and one payload of the capture is many datagrams where the kernel had not cut them yet.
    known = {gram for gram in grams(SECRET.encode(), *secrets_of(lab)) if gram.count(0) < 4}
    for payload in payloads:
        seen = [gram for gram in known if gram in payload]
        assert not seen, f"{seen[0]!r} in a datagram of type {payload[0] & 15}"
    assert {payload[0] & 15 for payload in payloads} >= {1, 2, 4, 5, 6}


@test(ENCRYPT)
def heartbeats_are_noise_on_the_wire(lab):
    with Tap("n2") as tap:
        beats = wait_for("200 heartbeats", lambda: enough(tap, wire.HEARTBEAT, 200), 30)
    bodies = [one.payload[wire.HEADER_BYTES:] for one in beats]
    bodies = [body for body in bodies if len(body) == 72 + 16]  # the others probe the MTU
    assert len(bodies) > 180, sorted({len(one.payload) for one in beats})
    assert entropy(b"".join(bodies)) > 7.95, entropy(b"".join(bodies))
    for at in range(88):
        column = [body[at] for body in bodies]
        # Of 200 random bytes no value comes 12 times, but for one run in a million (80 columns).
        assert max(map(column.count, column)) < 12, f"byte {at} of a heartbeat is no noise"
    intervals = (100_000).to_bytes(4, "big") * 2
    assert not any(intervals in body for body in bodies)


def enough(tap, kind, count):
    found = [one for one in tap.read(0.05) if one.kind == kind]
    return found if len(found) >= count else None


@test(ENCRYPT)
def where_the_processor_has_no_aes_libcrypto_seals(lab):
    text = lab.config.read_text(encoding="utf-8")
    lab.config.write_text(text.replace("[security]\n", '[security]\ncrypto = "openssl"\n'),
                          encoding="utf-8")
    try:
        lab["n2"].stop()
        lab["n2"].start()
        lab.wait_all_up()
        assert lab["n2"].show()["crypto"]["device"] == "crypto_openssl"
        assert lab["n1"].show()["crypto"]["device"] == "crypto_aesni_gcm"
        talk(lab)
    finally:
        lab.config.write_text(text, encoding="utf-8")
        lab["n2"].stop()
        lab["n2"].start()
        lab.wait_all_up()


@test(SIGN)
def signed_traffic_is_readable(lab):
    payloads = talked_and_captured(lab)
    text = SECRET.encode()
    assert any(text in payload for payload in payloads), "the text is not there"
    intervals = (100_000).to_bytes(4, "big") * 2
    assert any(intervals in one for one in payloads if one[0] & 15 == wire.HEARTBEAT)
    assert "readable" in lab["n1"].run(lab.binaries.find("netft-route"), "show").stdout


@test(SIGN)
def signed_traffic_that_was_changed_is_refused(lab):
    tampered_is_refused(lab)


@test(ENCRYPT)
def sealed_traffic_that_was_changed_is_refused(lab):
    tampered_is_refused(lab)


def tampered_is_refused(lab):
    """A datagram that was held back on the wire, changed, and let go."""
    with Tap("n2") as tap:
        lab.cut("n2", "net0", "oneway", "out")
        beat = tap.wait("heartbeat of n2", lambda one: one.kind == wire.HEARTBEAT
                        and one.source == "10.0.0.2")[-1]
    before = lab["n1"].show()["drops"].get("rx_bad_seal", 0)
    changed = list(beat.flipped())[wire.HEADER_BYTES:]
    inject("n1", changed)
    wait_for("all refused", lambda: lab["n1"].show()["drops"].get("rx_bad_seal", 0)
             >= before + len(changed))


@test(ENCRYPT)
def with_the_keys_the_trace_still_shows_everything(lab):
    for node, peer in (("n1", "n2"), ("n2", "n1")):
        process = lab[node].popen(lab.binaries.find("netft-trace"), "--json",
                                  stdout=subprocess.PIPE)
        try:
            beats = {}
            while len(beats) < 2:
                record = json.loads(process.stdout.readline())
                if record["type"] == "heartbeat" and record["peer"] == peer:
                    beats[record["direction"]] = record["heartbeat"]
        finally:
            process.kill()
            process.wait()
        for direction, beat in beats.items():
            assert beat["state"] == "up" and beat["threshold"] == 5, (direction, beat)
            assert beat["sender_route"] > 0 and beat["receiver_route"] > 0, (direction, beat)


@test(ENCRYPT)
def the_mode_is_shown(lab):
    shown = lab["n1"].show()
    assert shown["security"] == "encrypt" and shown["crypto"]["cluster_key"] is True
    assert shown["crypto"]["device"], shown["crypto"]
    assert not any("security" in warning for warning in shown["warnings"]), shown["warnings"]
