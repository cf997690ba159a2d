"""netft-lab itself: its command line, its faults (with plain ping), and that nothing stays behind.

    n1 ------ n2     net0
     \\________|      net1
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

from lab import laboratory, topology
from lab.spec import SWITCH, Spec
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=2)
LAB = pathlib.Path(__file__).resolve().parents[2] / "tools" / "netft-lab"


def netft_lab(lab, *args, code=0):
    done = subprocess.run([sys.executable, LAB, "--bin", lab.binaries.directory, *map(str, args)],
                          capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, f"{args}: exit {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def received(lab, source, target, size=56, count=3):
    text = lab[source].run("ping", "-M", "do", "-c", count, "-i", 0.005, "-W", 0.3, "-s", size,
                           target, check=False).stdout
    return int(text.split(" received")[0].split()[-1])


@test(TWO)
def wrong_usage_is_exit_2_with_a_reason(lab):
    for words in ((), ("nonsense",), ("up", "--nodes", "0"), ("up", "--heartbeat", "10"),
                  ("cut", "n1"), ("cut", "n1", "net0", "--loss", "200"), ("exec", "n1"),
                  ("cut", "n1", "net0", "--carrier", "--loss", "3"), ("heal", "n1"),
                  ("cut", "n1", "net0", "--delay", "-3"), ("cut", "n1", "net0", "--seed", "3")):
        assert netft_lab(lab, *words, code=2).startswith("netft-lab: usage: "), words


@test(TWO)
def unknown_nodes_and_networks_are_named(lab):
    assert "n9" in netft_lab(lab, "cut", "n9", "net0", code=1)
    assert "net9" in netft_lab(lab, "cut", "n1", "net9", code=1)
    assert "n9" in netft_lab(lab, "exec", "n9", "--", "true", code=1)


@test(TWO)
def a_second_lab_is_refused(lab):
    assert "netft-lab down" in netft_lab(lab, "up", code=1)
    assert lab["n1"].pid(), "the refusal harmed the lab"


@test(TWO)
def exec_runs_on_the_node_with_its_socket_and_names(lab):
    assert "10.0.0.1" in netft_lab(lab, "exec", "n1", "--", "ip", "address")
    assert "n2" in netft_lab(lab, "exec", "n1", "--", "netft-route", "show")
    netft_lab(lab, "exec", "n1", "--", "ping", "-c", "1", "-W", "2", "n2")
    netft_lab(lab, "exec", "n1", "--", "sh", "-c", "exit 7", code=7)


@test(TWO)
def status_shows_nodes_and_faults(lab):
    netft_lab(lab, "cut", "n1", "net1", "--carrier")
    try:
        text = netft_lab(lab, "status")
        assert "n1 net1: carrier" in text and "running" in text, text
    finally:
        netft_lab(lab, "heal")
    assert "fault" not in netft_lab(lab, "status")


@test(TWO)
def stop_start_and_restart_do_what_they_say(lab):
    netft_lab(lab, "stop", "n2")
    assert not lab["n2"].pid()
    netft_lab(lab, "stop", "n2", code=1)
    netft_lab(lab, "start", "n2")
    first = lab["n2"].pid()
    netft_lab(lab, "restart", "n2", "--kill")
    assert lab["n2"].pid() not in (None, first)
    assert netft_lab(lab, "logs", "n2")


@test(TWO)
def a_silent_cut_keeps_the_carrier_and_a_carrier_cut_does_not(lab):
    carrier = ("cat", "/sys/class/net/eth0/carrier")
    for kind, expected in (("silent", "1"), ("carrier", "0")):
        lab.cut("n1", "net0", kind)
        assert lab["n1"].run(*carrier).stdout.strip() == expected, kind
        assert received(lab, "n1", "10.0.0.2") == 0, kind
        assert received(lab, "n1", "10.1.0.2") == 3, "the other network is cut as well"
        lab.heal("n1", "net0")
        # The neighbour entry failed meanwhile and is asked for again once a second.
        wait_for(f"{kind} healed", lambda: received(lab, "n1", "10.0.0.2"))


@test(TWO)
def an_mtu_fault_swallows_only_what_is_longer(lab):
    lab.cut("n1", "net0", "mtu", 1000)
    for source, target in (("n1", "10.0.0.2"), ("n2", "10.0.0.1")):
        assert received(lab, source, target, size=1000 - 28) == 3
        assert received(lab, source, target, size=1001 - 28) == 0


@test(TWO)
def loss_takes_about_the_share_it_was_told(lab):
    lab.cut("n1", "net0", "loss", 30.0)
    # Both ways: 49 % of the answers come; four standard deviations of 300 are 35.
    came = received(lab, "n1", "10.0.0.2", count=300)
    assert 112 <= came <= 182, f"{came} of 300"


def pings(lab, source, target, count, every=0.005):
    """(received, round trips in ms in the order of coming, sequence numbers, duplicates)"""
    text = lab[source].run("ping", "-c", count, "-i", every, "-W", 1, target, check=False).stdout
    answers = re.findall(r"icmp_seq=(\d+) ttl=\d+ time=([\d.]+) ms( \(DUP!\))?", text)
    first = [(int(number), float(ms)) for number, ms, again in answers if not again]
    return [ms for _, ms in first], [number for number, _ in first], len(answers) - len(first)


@test(TWO)
def delay_and_jitter_come_on_top_of_the_round_trip_and_go_with_it(lab):
    netft_lab(lab, "cut", "n1", "net0", "--delay", "20", "--jitter", "5ms", "--oneway", "in")
    assert "n1 net0: link" in netft_lab(lab, "status")
    assert lab["n1"].run("cat", "/sys/class/net/eth0/carrier").stdout.strip() == "1"
    times, order, again = pings(lab, "n2", "10.0.0.1", 100)
    assert len(times) == 100 and again == 0 and order == sorted(order)
    # The machine may be late, never early.
    assert min(times) >= 15 and max(times) - min(times) >= 5, times
    assert lab.is_up("n1", "n2", "net0"), "a slow link is taken for a broken one"
    netft_lab(lab, "heal")
    assert min(pings(lab, "n2", "10.0.0.1", 20)[0]) < 15
    assert not relays(), "the relay outlives its fault"


@test(TWO)
def a_link_that_reorders_duplicates_and_loses_does_so_in_one_direction(lab):
    netft_lab(lab, "cut", "n1", "net0", "--oneway", "out", "--duplicate", "30", "--loss", "30",
              "--reorder", "20", "--jitter", "20")
    # Four standard deviations of 300 are 32.
    times, order, again = pings(lab, "n2", "10.0.0.1", 300, every=0.002)
    assert 178 <= len(times) <= 242, len(times)
    assert 30 <= again <= 96, again  # 30 % of those that were not lost
    assert order != sorted(order), "nothing was overtaken"
    netft_lab(lab, "heal", "n1", "net0")


@test(TWO)
def a_link_with_a_relay_carries_frames_of_every_size_unchanged(lab):
    netft_lab(lab, "cut", "n1", "net0", "--delay", "1")
    for size in (56, 1472):
        assert received(lab, "n1", "10.0.0.2", size=size) == 3
        assert received(lab, "n2", "10.0.0.1", size=size) == 3
    # 40 segments of one offloaded datagram, then a TCP stream: both cross as 64 KiB frames.
    server = lab["n2"].popen("iperf3", "-s", "-1", "-p", 5999, stdout=subprocess.DEVNULL)
    try:
        wait_for("iperf3", lambda: lab["n2"].run("ss", "-Hltn", "sport = :5999").stdout)
        report = lab["n1"].run("iperf3", "-J", "-n", "40M", "-p", 5999, "-c", "10.0.0.2").stdout
        sent = json.loads(report)["end"]["sum_sent"]
        # A quick sender may overrun the relay now and then, as any slower link; were the large
        # frames lost or damaged, all of it would be sent again.
        assert sent["bytes"] >= 40_000_000, sent
        assert sent["retransmits"] * 1448 < sent["bytes"] / 20, sent
    finally:
        server.kill()
        server.wait()


@test(TWO)
def a_relay_that_is_killed_is_a_silent_cut_and_heal_mends_it(lab):
    netft_lab(lab, "cut", "n1", "net0", "--delay", "5")
    (relay,) = relays()
    os.kill(relay, signal.SIGKILL)
    wait_for("the TAP goes", lambda: "~r" not in links_at_switch())
    assert received(lab, "n1", "10.0.0.2") == 0
    assert lab["n1"].run("cat", "/sys/class/net/eth0/carrier").stdout.strip() == "1"
    netft_lab(lab, "heal")
    wait_for("healed", lambda: received(lab, "n1", "10.0.0.2"))


def relays():
    return topology.processes_in(SWITCH)


def links_at_switch():
    return subprocess.run(["ip", "-n", SWITCH, "-o", "link"], capture_output=True, text=True,
                          check=True).stdout


@test(TWO, fresh=True)
def down_removes_everything_also_after_a_crash(lab):
    netft_lab(lab, "cut", "n1", "net0", "--delay", "5")
    lab["n1"].kill()  # a daemon that left its files
    (laboratory.STATE / "lab.json").unlink()  # a lab that does not know itself any more
    netft_lab(lab, "down")
    assert not topology.existing_namespaces() and not laboratory.STATE.exists()
    assert "no lab" in netft_lab(lab, "status", code=1)
