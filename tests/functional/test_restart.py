"""netftd is replaced by the next one under traffic, and nobody notices.

    n1 ====== n2     net0 and net1; 1 ms probes and a TCP stream from n1 to n2
"""
import contextlib
import pathlib
import signal
import subprocess

from lab.demo import Probe, Stream
from lab.shell import wait_until
from lab.spec import Spec
from support.callers import as_user, ask
from support.registry import test
from support.service_manager import ServiceManager
from support.sessions import longest_gap_ms, wait_for
from test_lifecycle import kernel_state

TWO = Spec(nodes=2, networks=2)
GAP_MS = 150
NOBODY = 65534


def adapter_of(daemon):
    """What the kernel has of it; a new adapter would have another index at least."""
    commands = ("ip -o link show netft0", "ip -o address show netft0",
                "ip route show table all dev netft0", "ip -6 route show table all dev netft0")
    return [daemon.run(*command.split()).stdout for command in commands]


def losses_at(lab, node, peer):
    """Transitions away from up that `node` has seen of its routes to `peer`."""
    answer = ask(lab[node].socket, {"request": "history", "peer": peer})[0]
    return [record for record in answer["records"]
            if record.get("from") == "up" and record.get("to") not in (None, "up", "suspect")]


def usage_of(daemon):
    """(descriptors, threads, resident MB) of a node's netftd."""
    proc = pathlib.Path(f"/proc/{daemon.pid()}")
    status = dict(line.split(":", 1) for line in
                  (proc / "status").read_text(encoding="ascii").splitlines())
    return (len(list((proc / "fd").iterdir())), int(status["Threads"]),
            int(status["VmRSS"].split()[0]) / 1024)


def restart_under_traffic(lab, times):
    """Replaces the netftds of both nodes in turn; gives the longest gap of all in ms."""
    address = lab.peer("n1", "n2")["ipv4"]
    stream = Stream(lab, address)
    longest = 0
    try:
        for number in range(times):
            node, other = ("n2", "n1") if number % 2 == 0 else ("n1", "n2")

            def measure(node=node, other=other):
                lost = len(losses_at(lab, other, node))
                with Probe(lab, address) as probe:
                    lab[node].take_over()
                    lab.wait_all_up()
                    result = probe.finish()
                assert len(losses_at(lab, other, node)) == lost, losses_at(lab, other, node)
                return result
            gap = longest_gap_ms(measure, GAP_MS)
            longest = max(longest, gap)
            assert gap <= GAP_MS, f"restart {number + 1}, of {node}: gap of {gap} ms"
            assert stream.is_running(), f"the stream broke at restart {number + 1}"
        megabytes, pause_ms, _ = stream.finish()
        assert megabytes > 1, megabytes
        print(f"     {times} restarts: longest gap {longest} ms, allowed {GAP_MS} ms; "
              f"longest pause of the stream {pause_ms:.0f} ms", flush=True)
    finally:
        stream.close()


@test(TWO, figure=True)
def five_restarts_cost_at_most_150_ms_each_and_no_connection(lab):
    restart_under_traffic(lab, 5)


@test(TWO, fresh=True, long=True, figure=True, seconds=900)
def a_hundred_restarts_cost_at_most_150_ms_each_and_leak_nothing(lab):
    for node in ("n1", "n2"):
        lab[node].take_over()
    lab.wait_all_up()
    names = list(lab.nodes)
    before = {node: (usage_of(lab[node]), kernel_state(lab[node])) for node in names}
    namespaces = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    restart_under_traffic(lab, 100)
    for node in names:
        (fds, threads, resident), state = before[node]
        wait_for("descriptors as before", lambda n=node, f=fds: usage_of(lab[n])[0] <= f)
        after = usage_of(lab[node])
        assert after[1] == threads and after[2] < resident + 8, (node, before[node][0], after)
        assert kernel_state(lab[node])["ip -o link"] == state["ip -o link"]
        assert len(list(lab[node].run_dir.iterdir())) <= 2
    assert subprocess.run(["ip", "netns"], capture_output=True, text=True,
                          check=True).stdout == namespaces


@test(TWO)
def the_adapter_stays_as_it_is_over_a_restart(lab):
    before = adapter_of(lab["n1"])
    first = lab["n1"].pid()
    lab["n1"].take_over()
    assert lab["n1"].pid() not in (None, first)
    lab.wait_all_up()
    assert adapter_of(lab["n1"]) == before


@test(TWO)
def sigterm_after_a_restart_leaves_nothing_behind(lab):
    daemon = lab["n1"]
    daemon.stop()
    clean = kernel_state(daemon)
    daemon.start()
    daemon.take_over()
    lab.wait_all_up()
    assert daemon.stop(), "netftd did not end on SIGTERM"
    left = kernel_state(daemon)
    for command, text in clean.items():
        assert left[command] == text, f"{command}:\n{left[command]}\nwas:\n{text}"
    assert not daemon.socket.exists(), "the control socket is still there"
    assert not list(daemon.run_dir.iterdir())


def refused(daemon, *command):
    done = daemon.run(*command, check=False)
    assert done.returncode == 1, done
    return done.stderr


@test(TWO)
def a_next_netftd_that_cannot_start_leaves_the_one_before_alone(lab):
    daemon = lab["n1"]
    pid, lost = daemon.pid(), len(losses_at(lab, "n2", "n1"))
    other = daemon.directory / "other.toml"
    other.write_text(lab.config.read_text(encoding="utf-8").replace(
        "[[node]]", '[adapter]\nname = "netft9"\n\n[[node]]', 1), encoding="utf-8")
    try:
        said = refused(daemon, *daemon.command(other), "--take-over")
        assert "netft9" in said and "netft0" in said, said
        missing = [word if word != str(daemon.socket) else f"{word}.none"
                   for word in daemon.command()]
        assert "no netftd to take over from" in refused(daemon, *missing, "--take-over")
    finally:
        other.unlink()
    assert daemon.pid() == pid and daemon.show()
    assert len(losses_at(lab, "n2", "n1")) == lost


@test(TWO)
def nobody_but_root_and_netftds_user_may_take_over(lab):
    request = {"request": "take-over", "step": "adapter"}
    said = as_user(NOBODY, NOBODY, [], lambda: ask(lab["n1"].socket, request))[0]
    assert "error" in said and "adapter" not in said, said


@test(TWO)
def who_announces_and_does_not_come_is_down_after_two_seconds(lab):
    # What a next netftd does that dies in the middle of it.
    daemon = lab["n1"]
    pid = daemon.pid()
    answers = ask(daemon.socket, {"request": "take-over", "step": "adapter"},
                  {"request": "take-over", "step": "leave"})
    assert [answer.get("ok") for answer in answers] == [True, True], answers
    routes = lab.routes("n2", "n1")
    assert routes and all(route["state"] == "up" for route in routes), routes
    wait_for("routes down at the peer", lambda: all(
        route["state"] != "up" for route in lab.routes("n2", "n1")), 4)
    assert {route["reason"] for route in lab.routes("n2", "n1")} == {
        "peer did not come back from its restart"}
    assert wait_until(lambda: not pathlib.Path(f"/proc/{pid}/fd/0").exists(), 5)
    daemon.start()
    lab.wait_all_up()


@test(TWO)
def a_subscription_in_the_batch_that_sends_netftd_away_harms_nothing(lab):
    daemon = lab["n1"]
    ask(daemon.socket, {"request": "take-over", "step": "leave"},
        {"request": "stream", "stream": "trace"})
    wait_for("the end", daemon.has_ended)
    assert "stopped" in daemon.last_words(3), daemon.last_words(3)
    daemon.start()
    lab.wait_all_up()


def is_listener(daemon, pid):
    """Whether that process answers at the control socket."""
    try:
        answer = ask(daemon.socket, {"request": "version"})[0]
    except (OSError, ValueError):
        return False  # asked the one before while it left
    program = pathlib.Path(f"/proc/{pid}/exe").stat()
    return f":{program.st_ino}:" in answer.get("program", "")


@contextlib.contextmanager
def managed(lab, node):
    """netftd of a node as a service manager runs it, and back."""
    daemon = lab[node]
    plain = daemon.command
    daemon.stop()
    manager = ServiceManager(daemon.directory / "manager")
    daemon.command = lambda config=None: [*manager.starter(), *plain(config)]
    try:
        daemon.start()
        lab.wait_all_up()
        yield daemon, manager, plain
    finally:
        daemon.stop()
        manager.close()
        del daemon.command
        daemon.start()
        lab.wait_all_up()


def has_adapter(daemon):
    return daemon.run("ip", "link", "show", "netft0", check=False).returncode == 0


@test(TWO)
def a_service_manager_keeps_the_adapter_over_a_crash_and_drops_it_at_the_end(lab):
    with managed(lab, "n1") as (daemon, manager, _):
        before = adapter_of(daemon)
        stream = Stream(lab, lab.peer("n1", "n2")["ipv4"])
        try:
            for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
                daemon.stop(number)
                assert has_adapter(daemon), f"the adapter went with signal {number}"
                daemon.start()
                lab.wait_all_up()
                assert adapter_of(daemon) == before
            assert stream.is_running(), "the stream broke"
        finally:
            stream.close()
        daemon.stop()
        manager.stop()
        assert not has_adapter(daemon), "the adapter is left behind"


@test(TWO)
def a_service_manager_is_told_of_the_new_main_process(lab):
    with managed(lab, "n1") as (daemon, manager, plain):
        first = daemon.pid()
        daemon.command = plain  # as ExecReload= does: without the store, without a notify socket
        daemon.take_over()
        lab.wait_all_up()
        assert manager.has_heard(MAINPID=str(daemon.pid())), manager.messages
        assert not manager.has_heard(STOPPING="1"), "it would take the unit for stopping"
        ready = [heard for heard in manager.messages if heard.get("READY") == "1"]
        assert len(ready) == 2 and daemon.pid() != first, manager.messages
        assert list(manager.store) == ["netft-adapter"]
        wait_for("the watchdog is served", lambda: manager.messages[-1].get("WATCHDOG") == "1")


@test(TWO)
def reload_reads_the_configuration_and_another_program_takes_over(lab):
    daemon = lab["n1"]
    first = daemon.pid()
    done = daemon.run(*daemon.command(), "--reload")
    assert daemon.pid() == first and "reloaded by" in daemon.last_words(), done
    program = daemon.directory / "netftd-next"
    program.write_bytes(pathlib.Path(daemon.command()[0]).read_bytes())
    program.chmod(0o755)
    try:
        subprocess.run(["ip", "netns", "exec", daemon.namespace, program, *daemon.command()[1:],
                        "--reload"], env=daemon.environment(), check=True, timeout=20,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        wait_for("the one before has left", lambda: daemon.pid() is None)
        assert daemon.show()
        # The lab does not know its pid: a take-over brings back one that it knows.
        next_one = daemon.launch_next()
        wait_for("the lab's own netftd answers", lambda: is_listener(daemon, next_one))
        lab.wait_all_up()
    finally:
        program.unlink()


def stays_up_over_a_restart(lab):
    lost = len(losses_at(lab, "n2", "n1"))
    before = adapter_of(lab["n1"])
    kinds = [port["kind"] for port in lab["n1"].show()["ports"]]
    lab["n1"].take_over()
    lab.wait_all_up()
    assert [port["kind"] for port in lab["n1"].show()["ports"]] == kinds
    assert len(losses_at(lab, "n2", "n1")) == lost, losses_at(lab, "n2", "n1")
    assert adapter_of(lab["n1"]) == before
    lab["n1"].run("ping", "-c", 1, "-W", 2, lab.peer("n1", "n2")["ipv4"])


@test(Spec(nodes=2, networks=2, port="af_packet"))
def af_packet_ports_are_opened_again_in_time(lab):
    stays_up_over_a_restart(lab)


@test(Spec(nodes=2, networks=2, port="af_xdp"))
def af_xdp_ports_are_opened_again_in_time(lab):
    stays_up_over_a_restart(lab)


@test(Spec(nodes=2, networks=2, security="none"))
def mode_none_restarts_as_well(lab):
    stays_up_over_a_restart(lab)
