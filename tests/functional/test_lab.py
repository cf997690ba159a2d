"""netft-lab itself: its command line, its faults (with plain ping), and that nothing stays behind.

    n1 ------ n2     net0
     \\________|      net1
"""
import pathlib
import subprocess
import sys

from lab import laboratory, topology
from lab.spec import Spec
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
                  ("cut", "n1", "net0", "--carrier", "--loss", "3"), ("heal", "n1")):
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


@test(TWO, fresh=True)
def down_removes_everything_also_after_a_crash(lab):
    lab["n1"].kill()  # a daemon that left its files
    (laboratory.STATE / "lab.json").unlink()  # a lab that does not know itself any more
    netft_lab(lab, "down")
    assert not topology.existing_namespaces() and not laboratory.STATE.exists()
    assert "no lab" in netft_lab(lab, "status", code=1)
