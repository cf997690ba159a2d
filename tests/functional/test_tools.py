"""netft-route and netft-trace against running daemons.

    n1 ------ n2 ------ n3     net0
     \\________|_________/      net1
"""
import csv
import io
import json
import signal
import subprocess

from lab.spec import Spec
from support.registry import test
from support.schema import validate
from support.sessions import wait_for

THREE = Spec(nodes=3, networks=2)
OPEN = Spec(nodes=2, networks=1, security="none")
SIGNED = Spec(nodes=2, networks=1, security="sign")


def tool(lab, name, *args, code=0, node="n1", timeout=20):
    """Runs a tool on a node and gives its standard output."""
    done = lab[node].run(lab.binaries.find(name), *args, check=False, timeout=timeout)
    assert done.returncode == code, (f"{name} {args}: exit {done.returncode}, expected {code}: "
                                     f"{done.stderr or done.stdout}")
    if code:
        assert done.stderr.startswith(f"{name}: ") or done.stdout, f"no reason given: {done}"
    return done.stdout


def route(lab, *args, **more):
    return tool(lab, "netft-route", *args, **more)


def stream(lab, name, *args, until, number=signal.SIGINT):
    """Runs a streaming tool until the condition on its lines is true; gives all its lines."""
    lines = []
    process = lab["n1"].popen(lab.binaries.find(name), *args, stdout=subprocess.PIPE)
    try:
        while not until(lines):
            line = process.stdout.readline()
            assert line, f"{name} ended: {lines[-3:]}"
            lines.append(line)
        process.send_signal(number)
        lines += process.communicate(timeout=10)[0].splitlines(keepends=True)
        assert process.returncode == 0, f"exit {process.returncode}"
    finally:
        process.kill()
        process.wait()
    return lines


@test(THREE)
def show_prints_every_route(lab):
    text = route(lab)
    assert text == route(lab, "show") or "n2" in text
    for word in ("n2", "n3", "10.0.0.2", "10.1.0.3", "up"):
        assert word in text, text
    assert "\x1b" not in text, "colour without a terminal"


@test(THREE)
def show_json_is_of_the_schema(lab):
    shown = json.loads(route(lab, "show", "--json"))
    validate(shown, "show.json")
    assert shown["node"] == "n1" and shown["cluster"] == "lab" and shown["security"] == "encrypt"
    assert shown["crypto"]["device"] and shown["crypto"]["cluster_key"], shown["crypto"]
    assert len(shown["peers"]) == 2
    first = shown["peers"][0]["routes"][0]
    assert first["delay_ms"] == 100 and first["threshold"] == 5 and first["state"] == "up", first
    wait_for("a round trip time", lambda: json.loads(
        route(lab, "show", "--json"))["peers"][0]["routes"][0]["rtt_us"]["p50"])


@test(THREE)
def a_session_shows_the_age_of_its_keys(lab):
    session = lab.peer("n1", "n2")["session"]
    assert session["state"] == "open" and session["since"] and session["opened"] >= 1, session
    text = route(lab, "show")
    assert "session keys at most" in text and "WARNING: security" not in text, text


@test(OPEN)
def security_none_is_shown_as_a_warning(lab):
    assert "neither private nor authenticated" in route(lab, "show"), "not a word of it"
    shown = lab["n1"].show()
    validate(shown, "show.json")
    assert shown["security"] == "none" and shown["crypto"] is None, shown
    assert any("security mode none" in text for text in shown["warnings"]), shown["warnings"]


@test(SIGNED)
def security_sign_is_shown_as_readable(lab):
    assert "readable by anybody" in route(lab, "show"), "not a word of it"
    assert lab["n1"].show()["security"] == "sign"


@test(Spec(nodes=2), fresh=True)
def the_cluster_key_of_a_running_cluster_changes_without_a_flap(lab):
    def reload_and_see_new_keys():
        for daemon in lab.nodes.values():
            daemon.reload()
        opened = lab.peer("n1", "n2")["session"]["opened"]
        wait_for("two new sessions", lambda: lab.peer("n1", "n2")["session"]["opened"] > opened + 1)
    text = lab.config.read_text(encoding="utf-8")
    lab.config.write_text(text.replace("key_file", 'rekey = "1s"\nkey_file'), encoding="utf-8")
    key = lab.config.with_name("cluster.key")
    first, flaps = key.read_text(encoding="ascii"), lab.flaps()
    for step in ("--add", "--promote", "--retire"):
        assert "reload" in tool(lab, "netft-key", "cluster", step, key)
        reload_and_see_new_keys()
    assert key.read_text(encoding="ascii") not in (first, "") and lab.flaps() == flaps
    assert not any("wrong_cluster_key" in reason for daemon in lab.nodes.values()
                   for reason in daemon.show()["drops"])


@test(THREE)
def get_says_which_route_would_carry(lab):
    peer = lab.peer("n1", "n2")
    for target in ("n2", peer["ipv4"], peer["ipv6"]):
        document = json.loads(route(lab, "get", target, "--json"))
        validate(document, "get.json")
        assert "n2" in route(lab, "get", target)
    route(lab, "get", "nobody", code=1)


@test(THREE)
def history_tells_what_happened_and_why(lab):
    lab.cut("n1", "net0", "carrier")
    wait_for("route down", lambda: not lab.is_up("n1", "n2", "net0"))
    document = json.loads(route(lab, "history", "n2", "--json"))
    validate(document, "history.json")
    text = route(lab, "history", "n2")
    assert "carrier" in text, text
    route(lab, "history", "nobody", code=1)


@test(THREE)
def wait_returns_when_the_peers_are_reachable(lab):
    route(lab, "wait", "--timeout", 5)
    route(lab, "wait", "n2", "--timeout", 5)
    lab["n3"].kill()
    wait_for("n3 unreachable", lambda: lab.peer("n1", "n3")["state"] == "unreachable")
    route(lab, "wait", "n2", "--timeout", 5)
    route(lab, "wait", "n3", "--timeout", 0.3, code=1)


@test(THREE)
def check_fails_when_a_route_is_down(lab):
    route(lab, "check")
    route(lab, "check", "--brief")
    lab.cut("n1", "net0", "carrier")
    wait_for("route down", lambda: not lab.is_up("n1", "n2", "net0"))
    text = route(lab, "check", code=2)
    assert "10.0.0.2" in text or "n2" in text, text


@test(THREE)
def watch_begins_with_a_snapshot_and_follows(lab):
    def cut_when_complete(lines):
        records = [json.loads(line) for line in lines]
        kinds = [record["type"] for record in records]
        if kinds and kinds[-1] == "end-of-snapshot":
            lab.cut("n1", "net0", "carrier")
        return "end-of-snapshot" in kinds and "transition" in kinds[kinds.index("end-of-snapshot"):]
    lines = stream(lab, "netft-route", "watch", "--json", until=cut_when_complete)
    for line in lines:
        validate(json.loads(line), "stream.json")
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds.count("route") == 4 and kinds.count("peer") == 2, kinds


@test(THREE)
def wrong_usage_is_exit_2_and_no_daemon_exit_1(lab):
    route(lab, "nonsense", code=2)
    route(lab, "get", code=2)
    route(lab, "show", "--socket", "/nonexistent/socket", code=1)
    for name in ("netft-route", "netft-trace", "netft-key"):
        assert tool(lab, name, "--version").strip(), name
        assert name in tool(lab, name, "--help"), name


def has_heartbeats(lines):
    return sum('"heartbeat"' in line for line in lines) >= 20


@test(THREE)
def trace_json_is_of_the_schema(lab):
    lines = stream(lab, "netft-trace", "--json", until=has_heartbeats)
    for line in lines[:60]:
        validate(json.loads(line), "stream.json")
    directions = {json.loads(line).get("direction") for line in lines}
    assert {"received", "sent"} <= directions, directions


@test(THREE)
def trace_csv_is_a_table(lab):
    lines = stream(lab, "netft-trace", "--csv", until=lambda lines: len(lines) > 30)
    rows = list(csv.reader(io.StringIO("".join(lines))))
    assert len({len(row) for row in rows}) == 1, "rows of different lengths"
    assert not any(cell.isdigit() for cell in rows[0]), rows[0]


@test(THREE)
def trace_cluster_log_speaks_like_netft(lab):
    def cut_once(lines):
        if not lab.faults:
            lab.cut("n1", "net0", "carrier")
        return any("as down" in line for line in lines)
    lines = stream(lab, "netft-trace", "--cluster-log", until=cut_once)
    line = next(line for line in lines if "as down" in line)
    assert "[IM] Marking Route from 10.0.0.1:~3343~ to 10.0.0." in line, line


@test(THREE)
def trace_pcapng_is_read_by_tshark(lab):
    capture = lab["n1"].directory / "trace.pcapng"
    process = lab["n1"].popen(lab.binaries.find("netft-trace"), "--pcapng", "-w", capture)
    wait_for("some heartbeats", lambda: capture.exists() and capture.stat().st_size > 8000)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    read = subprocess.run(
        ["tshark", "-r", capture, "-T", "fields", "-e", "ip.src", "-e", "ip.dst", "-e",
         "udp.dstport"], capture_output=True, text=True, check=True, timeout=60)
    rows = {tuple(line.split("\t")) for line in read.stdout.splitlines()}
    assert ("10.0.0.1", "10.0.0.2", "3343") in rows, (rows, read.stderr)
    assert ("10.1.0.3", "10.1.0.1", "3343") in rows, (rows, read.stderr)


@test(THREE)
def a_reader_that_leaves_ends_the_stream_quietly(lab):
    path = lab.binaries.find("netft-trace")
    done = lab["n1"].run("bash", "-c", f"set -o pipefail; {path} --json | head -n 3", timeout=20)
    assert len(done.stdout.splitlines()) == 3 and not done.stderr, done
