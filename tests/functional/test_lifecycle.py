"""netftd ends, is killed, is started twice: what it leaves behind and what its peers hear.

    n1 ------ n2     net0
     \\________|      net1
"""
import signal
import subprocess

from lab.shell import is_alive, wait_until
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=2)


def kernel_state(daemon):
    """All that netftd may have made in the node's namespace."""
    commands = ("ip -o link", "ip -o address", "ip route show table all",
                "ip -6 route show table all", "ip rule", "ip neigh show dev lo",
                "nft list ruleset", "ss -Hlnu")
    return {command: daemon.run(*command.split()).stdout for command in commands}


@test(TWO)
def sigterm_leaves_nothing_behind(lab):
    daemon = lab["n1"]
    daemon.stop()
    clean = kernel_state(daemon)
    assert "netft0" not in clean["ip -o link"], clean["ip -o link"]
    daemon.start()
    lab.wait_all_up()
    assert daemon.stop(), "netftd did not end on SIGTERM"
    left = kernel_state(daemon)
    for command, text in clean.items():
        assert left[command] == text, f"{command}:\n{left[command]}\nwas:\n{text}"
    assert not daemon.socket.exists(), "the control socket is still there"
    files = [path.name for path in daemon.run_dir.iterdir()]
    assert not files, f"files left: {files}"


@test(TWO)
def exit_code_is_0_on_sigterm_and_sigint(lab):
    lab["n1"].stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        process = lab["n1"].popen(*lab["n1"].command(), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        wait_for("netftd answers", lambda: lab["n1"].show())
        process.send_signal(number)
        assert process.wait(timeout=10) == 0, f"exit {process.returncode} on signal {number}"


@test(TWO, figure=True)
def peers_hear_at_once_that_a_node_leaves(lab):
    lab["n1"].stop()
    # Detection would take 500 ms at least; the daemon is gone, so nothing else can tell them.
    left = lab.routes("n2", "n1")
    assert all(route["state"] != "up" for route in left) or wait_until(
        lambda: all(r["state"] != "up" for r in lab.routes("n2", "n1")), 0.3), left
    reasons = {route["reason"] for route in lab.routes("n2", "n1")}
    assert "detection time expired" not in reasons, reasons


@test(TWO)
def kill_9_leaves_nothing_that_stands_in_the_way(lab):
    for _ in range(3):
        lab["n1"].kill()
        assert lab["n1"].show() is None
        lab["n1"].start()
        lab.wait_all_up()


@test(TWO)
def a_second_netftd_of_the_same_node_is_refused_and_harms_nothing(lab):
    before = lab.flaps()
    done = lab["n1"].run(*lab["n1"].command(), check=False, timeout=15)
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert done.stderr.strip(), "refused without a word"
    assert lab["n1"].show() is not None
    assert lab.flaps() == before, "routes flapped"


@test(TWO)
def a_full_log_disk_stops_nothing(lab):
    lab["n1"].stop()
    with open("/dev/full", "wb") as full:  # every write gives ENOSPC
        process = lab["n1"].popen(*lab["n1"].command(), stdout=full, stderr=full)
    try:
        wait_for("n1's routes up", lambda: not lab.missing_routes("n1"))
        lab.cut("n1", "net0")
        wait_for("route down", lambda: not lab.is_up("n1", "n2", "net0"))
        lab["n1"].run("ping", "-c", 1, "-W", 2, lab.peer("n1", "n2")["ipv4"])
    finally:
        process.terminate()
        process.wait(timeout=10)


@test(TWO)
def a_stopped_process_that_goes_on_finds_its_way_back(lab):
    # A stall (SIGSTOP) longer than the detection time: the peers declare it dead, then it returns.
    pid = lab["n1"].pid()
    lab["n1"].run("kill", "-STOP", pid)
    try:
        wait_for("n2 sees n1 gone", lambda: lab.peer("n2", "n1")["state"] == "unreachable")
    finally:
        lab["n1"].run("kill", "-CONT", pid)
    lab.wait_all_up()
    assert is_alive(pid)


@test(TWO)
def a_peer_that_returns_with_another_nic_is_reached_at_once(lab):
    """The adapter's MAC is the key's: what the other kernel holds stays good."""
    daemon, address = lab["n2"], lab.peer("n1", "n2")["ipv4"]
    before = daemon.run("cat", "/sys/class/net/eth0/address").stdout.strip()
    lab["n1"].run("ping", "-c", 1, "-W", 2, address)
    daemon.stop()
    try:
        daemon.run("ip", "link", "set", "eth0", "address", "02:00:00:00:77:01")
        daemon.start()
        lab.wait_all_up()
        lab["n1"].run("ping", "-c", 1, "-W", 2, address)
        assert "frame_unknown_peer" not in lab["n1"].show()["drops"], lab["n1"].show()["drops"]
    finally:
        daemon.stop()
        daemon.run("ip", "link", "set", "eth0", "address", before)
