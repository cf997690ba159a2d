"""An interface that is slower than the programs makes them wait.

    n1 --tbf 100 Mbit/s-- n2     net0
"""
import subprocess

from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

PORT = 5998
FLOWS = 8  # some for each worker


def flood(lab, rate, seconds):
    """UDP from n1 to n2, `rate` in each flow: together more than the interface takes."""
    server = lab["n2"].popen("iperf3", "-s", "-1", "-p", PORT, stdout=subprocess.DEVNULL)
    try:
        wait_for("iperf3", lambda: lab["n2"].run("ss", "-Hltn", f"sport = :{PORT}").stdout)
        # Its end may get lost behind the queue: what it says is of no interest.
        lab["n1"].run("timeout", seconds + 10, "sh", "-c",
                      f"iperf3 -u -b {rate} -l 1200 -c {lab.peer('n1', 'n2')['ipv4']} -p {PORT} "
                      f"-P {FLOWS} -t {seconds} >/dev/null 2>&1; true")
    finally:
        server.kill()
        server.wait()


def make_it_wait(lab):
    lab["n1"].run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "100mbit", "burst",
                  "128k", "limit", "200m")
    flood(lab, "32M", 4)
    shown = lab["n1"].show()
    print(f"     adapter_pauses {shown['counters']['adapter_pauses']}, drops {shown['drops']}",
          flush=True)
    assert shown["counters"]["adapter_pauses"] > 0, shown["counters"]
    # What the kernel's queue of the adapter does not hold is lost there; here nothing is.
    assert shown["drops"].get("tx_refused", 0) == 0, shown["drops"]


@test(Spec(nodes=2, networks=1, port="af_packet", extra="[worker]\ncount = 2\n"), fresh=True)
def a_slow_interface_makes_both_workers_wait_behind_one_device(lab):
    make_it_wait(lab)
    for worker in lab["n1"].show()["workers"]:
        assert worker["drops"].get("worker_queue_full", 0) == 0, worker


@test(Spec(nodes=2, networks=1))
def a_slow_interface_makes_the_adapter_wait(lab):
    make_it_wait(lab)


@test(Spec(nodes=2, networks=1, port="af_packet"), fresh=True)
def a_slow_interface_makes_it_wait_behind_af_packet_too(lab):
    make_it_wait(lab)
