"""Nodes of several workers.

    n1 ====== n2     net0 and net1
      \\==== n3 (mixed counts only)
"""
import dataclasses
import os
import re
import subprocess
import time

from lab.shell import wait_until
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for
from test_rekey import opened, renewed_every_second
from test_relay import parted
from test_restart import restart_under_traffic

COUNT = "[worker]\ncount = 2\n"
TWO = Spec(nodes=2, networks=2, extra=COUNT)
PREFERRED = dataclasses.replace(
    TWO, extra=COUNT + '[[network]]\nsubnet = "10.0.0.0/24"\nmetric = 10\n')
ALONE = dataclasses.replace(TWO, networks=1)
DUPLICATE = Spec(nodes=2, networks=2, policy="duplicate", extra=COUNT)
SPREAD = Spec(nodes=2, networks=2, policy="spread", extra=COUNT)
ONE = Spec(nodes=2, networks=2)
MIXED = Spec(nodes=3, networks=2)
THREE = Spec(nodes=3, networks=2, extra=COUNT)
PACKET = Spec(nodes=2, networks=1, port="af_packet", extra=COUNT)
PINGS = 40


def workers_of(lab, node):
    return lab[node].show()["workers"]


def streams(lab, source, sink, count=16, seconds=1):
    """TCP streams side by side, so many that each queue gets some; what they carried in Gbit/s."""
    address = lab.peer(source, sink)["ipv4"]
    server = lab[sink].popen("iperf3", "-s", "-1", stdout=subprocess.DEVNULL)
    try:
        said = lab[source].run(
            "timeout", 30, "sh", "-c",
            f"until iperf3 -c {address} -P {count} -t {seconds} -f g; do sleep 0.1; done").stdout
    finally:
        server.kill()
        server.wait()
    return float(re.findall(r"\[SUM\].* ([0-9.]+) Gbits/sec +receiver", said)[-1])


def check_both_carry(lab, node):
    for worker in workers_of(lab, node):
        counters = worker["counters"]
        assert counters["frames_from_adapter"] > 0 and counters["frames_to_adapter"] > 0, worker
        assert "rx_wrong_worker" not in worker["drops"], worker


def sums_agree(lab, node):
    shown = lab[node].show()
    for name, value in shown["counters"].items():
        if name.startswith("longest"):
            continue
        assert value == sum(w["counters"][name] for w in shown["workers"]), name


@test(TWO)
def streams_side_by_side_use_both_workers(lab):
    gigabits = streams(lab, "n1", "n2")
    print(f"     {gigabits:.2f} Gbit/s", flush=True)
    for node in ("n1", "n2"):
        assert len(workers_of(lab, node)) == 2
        check_both_carry(lab, node)
        sums_agree(lab, node)
        assert [w["counters"]["heartbeats_sent"] > 0 for w in workers_of(lab, node)] == [True, False]


@test(TWO)
def all_of_them_leave_a_network_that_is_cut(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    used = wait_for("a route in use", lambda: lab.network_in_use("n1", "n2"))
    lab.cut("n1", used)
    wait_for("route down", lambda: not lab.is_up("n1", "n2", used))
    lab["n1"].run("ping", "-c", PINGS, "-i", "0.01", "-q", address)
    streams(lab, "n1", "n2", seconds=1)
    check_both_carry(lab, "n1")
    lab.heal("n1", used)
    lab.wait_all_up()


@test(DUPLICATE)
def copies_are_dropped_by_each_worker(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    streams(lab, "n1", "n2", seconds=1)
    result = lab["n1"].run("ping", "-c", PINGS, "-i", "0.01", "-q", address)
    assert "duplicates" not in result.stdout and " 0% packet loss" in result.stdout, result.stdout
    for worker in workers_of(lab, "n2"):
        assert worker["drops"].get("rx_duplicate", 0) > 0, worker


@test(SPREAD)
def each_worker_spreads_its_flows(lab):
    before = {n: lab.route("n1", "n2", n)["counters"]["data_sent"]
              for n in lab.spec.network_names()}
    streams(lab, "n1", "n2", count=24, seconds=1)
    sent = {n: lab.route("n1", "n2", n)["counters"]["data_sent"] - before[n] for n in before}
    print(f"     datagrams by network: {sent}", flush=True)
    assert min(sent.values()) > sum(sent.values()) / 20, sent
    check_both_carry(lab, "n1")


@test(MIXED, fresh=True)
def nodes_with_one_two_and_three_workers_talk_with_each_other(lab):
    text = lab.config.read_text(encoding="utf-8")
    for node, count in (("n2", 2), ("n3", 3)):
        head = f'name = "{node}"\n'
        at = text.index("\n", text.index("endpoints", text.index(head))) + 1
        text = text[:at] + f"[node.worker]\ncount = {count}\n" + text[at:]
    lab.config.write_text(text, encoding="utf-8")
    for node in ("n2", "n3"):
        lab[node].stop()
        lab[node].start()
    lab.wait_all_up()
    assert [len(workers_of(lab, node)) for node in ("n1", "n2", "n3")] == [1, 2, 3]
    for source in lab.nodes:
        for sink in lab.nodes:
            if source != sink:
                streams(lab, source, sink, count=6, seconds=1)
                lab[source].run("ping", "-c", 5, "-i", "0.01", "-q", lab.peer(source, sink)["ipv4"])
    for node in ("n1", "n2", "n3"):
        assert all("rx_wrong_worker" not in w["drops"] for w in workers_of(lab, node))


@test(TWO)
def a_node_that_restarts_is_talked_with_again(lab):
    lab["n2"].stop()
    lab["n2"].start()
    lab.wait_all_up()
    streams(lab, "n1", "n2", seconds=1)
    lab["n1"].reload()
    streams(lab, "n2", "n1", seconds=1)
    for node in ("n1", "n2"):
        check_both_carry(lab, node)


@test(TWO)
def another_count_is_refused_by_a_reload(lab):
    text = lab.config.read_text(encoding="utf-8")
    lab.config.write_text(text.replace("count = 2", "count = 1"), encoding="utf-8")
    try:
        lab["n1"].reload()
        assert wait_until(lambda: "[worker] count and cores cannot change" in
                          lab["n1"].last_words(20), 5)
    finally:
        lab.config.write_text(text, encoding="utf-8")


@test(TWO, fresh=True)
def a_worker_that_cannot_have_its_processor_is_a_clear_error(lab):
    usable = sorted(os.sched_getaffinity(0))
    text = lab.config.read_text(encoding="utf-8")
    daemon = lab["n1"]
    daemon.stop()

    def with_cores(*cores):
        lab.config.write_text(text.replace("count = 2", f"count = 2\ncores = {list(cores)}"),
                              encoding="utf-8")
    with_cores(usable[0], 999)
    done = daemon.run(*daemon.command(), check=False)
    assert done.returncode == 2, done
    for word in (str(lab.config), "worker 1 cannot have processor 999", "netftd may use",
                 "change cores in [worker]"):
        assert word in done.stderr, done.stderr
    with_cores(usable[-1])
    daemon.start()
    first, second = workers_of(lab, "n1")
    assert (first["core"], first["note"]) == (usable[-1], ""), first
    assert (second["core"], second["note"]) == (None, ""), second
    lab.wait_all_up()
    streams(lab, "n1", "n2", seconds=1)


@test(TWO, fresh=True)
def a_port_that_leaves_no_source_ports_is_a_clear_error(lab):
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        return  # "auto" is one worker here
    daemon = lab["n1"]
    text = lab.config.read_text(encoding="utf-8").replace(
        "count = 2", f'count = "auto"\ncores = {cores}')
    said = f"the {len(cores)} workers of this node send from the ports 65535 and up"
    lab.config.write_text(text, encoding="utf-8")
    daemon.stop()
    daemon.start()
    lab.config.write_text(text.replace('"10.0.0.1"', '"10.0.0.1:65535"'), encoding="utf-8")
    daemon.reload()
    assert wait_until(lambda: said in daemon.last_words(20), 5), daemon.last_words(20)
    lab.wait_all_up()
    daemon.stop()
    done = daemon.run(*daemon.command(), check=False)
    assert done.returncode == 2 and f"{lab.config}: {said}" in done.stderr, done


def use(lab, network):
    return all(lab.network_in_use(node, peer) == network
               for node, peer in (("n1", "n2"), ("n2", "n1")))


@test(PREFERRED, figure=True)
def one_broken_path_of_several_is_named_and_left_within_3_s(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    wait_for("net0 in use", lambda: use(lab, "net0"))
    lab.cut("n1", "net0", "source_port", 3344)
    began = time.monotonic()
    wait_for("net1 in use", lambda: lab.network_in_use("n1", "n2") == "net1")
    left = time.monotonic() - began
    reason = "one of several paths is broken (source port 3344)"
    wait_for("its reason", lambda: lab.route("n1", "n2", "net0")["reason"] == reason)
    named = time.monotonic() - began
    print(f"     left after {left:.1f} s, named after {named:.1f} s", flush=True)
    assert left <= 3, f"left after {left} s"
    assert lab.route("n1", "n2", "net0")["state"] == "suspect"
    lab["n1"].run("ping", "-c", 200, "-i", "0.01", "-q", address)
    streams(lab, "n1", "n2", seconds=1)
    lab.heal("n1", "net0")
    wait_for("net0 in use again", lambda: use(lab, "net0"), 30)


@test(ALONE)
def data_goes_from_the_source_ports_that_work_where_there_is_no_other_network(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    lab.cut("n1", "net0", "source_port", 3344)
    wait_for("the broken path", lambda: "3344" in lab.route("n1", "n2", "net0")["reason"])
    for _ in range(8):  # each a flow of its own
        lab["n1"].run("ping", "-c", 5, "-i", "0.01", "-q", address)
    streams(lab, "n1", "n2", seconds=1)
    check_both_carry(lab, "n1")


@test(ALONE)
def keys_are_renewed_past_the_source_port_that_is_broken(lab):
    """It is the first worker's, from which handshakes go elsewhere: here none would come through."""
    lab.cut("n1", "net0", "source_port", 3343)
    wait_for("the broken path", lambda: "3343" in lab.route("n1", "n2", "net0")["reason"])
    with renewed_every_second(lab):
        first = opened(lab)
        wait_for("renewals", lambda: opened(lab) >= first + 3)
    lab["n1"].run("ping", "-c", 5, "-i", "0.01", "-q", lab.peer("n1", "n2")["ipv4"])


@test(THREE)
def each_worker_is_relayed_and_relayed_to(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    with parted(lab):
        for _ in range(4):
            lab["n1"].run("ping", "-c", 10, "-i", "0.01", "-q", address)
        streams(lab, "n1", "n2", seconds=1)
        for node in ("n1", "n2"):
            check_both_carry(lab, node)
            for worker in workers_of(lab, node):
                assert worker["counters"]["trains_relayed"] > 0, worker
                assert worker["counters"]["datagrams_received"] > 0, worker
        for node in ("n1", "n2", "n3"):
            sums_agree(lab, node)
        first, second = workers_of(lab, "n3")
        assert first["counters"]["datagrams_forwarded"] > 1000, first
        assert second["counters"]["datagrams_forwarded"] == 0, second


@test(TWO, figure=True)
def the_next_netftd_takes_over_from_several_workers(lab):
    restart_under_traffic(lab, 4)
    streams(lab, "n1", "n2", seconds=1)
    for node in ("n1", "n2"):
        check_both_carry(lab, node)


@test(ONE)
def a_take_over_from_one_worker_to_several_says_why_not_and_harms_nothing(lab):
    daemon, address = lab["n1"], lab.peer("n1", "n2")["ipv4"]
    ping = ("ping", "-c", 20, "-i", "0.01", "-q", address)
    lab["n1"].run(*ping)
    pid = daemon.pid()
    other = daemon.directory / "other.toml"
    other.write_text(lab.config.read_text(encoding="utf-8").replace(
        "[[node]]", COUNT + "\n[[node]]", 1), encoding="utf-8")
    try:
        done = daemon.run(*daemon.command(other), "--take-over", check=False)
    finally:
        other.unlink()
    assert done.returncode == 1, done
    assert "has one queue" in done.stderr and "stop netftd and start it anew" in done.stderr, done
    assert daemon.pid() == pid and len(workers_of(lab, "n1")) == 1
    lab["n1"].run(*ping)


@test(PACKET)
def over_a_device_the_first_worker_serves_the_others(lab):
    streams(lab, "n1", "n2", seconds=1)
    for node in ("n1", "n2"):
        check_both_carry(lab, node)
