"""One TCP stream and one ssh session go on, whatever single thing breaks.

    n1 ------ n2 ------ n3     net0   the fault is at n1, on the network in use,
     \\________|_________/      net1   or at a netftd
"""
import contextlib

from lab.demo import Stream
from lab.spec import Spec, address_of, interface_of
from support.registry import test
from support.sessions import SshSession, wait_for

THREE = Spec(nodes=3, networks=2)


@contextlib.contextmanager
def sessions_survive(lab):
    """Runs both sessions around a fault and checks that they made progress during and after."""
    address = lab.peer("n1", "n2")["ipv4"]
    with SshSession(lab, "n1", "n2", address) as ssh:
        stream = Stream(lab, address)
        try:
            yield ssh
            ssh.wait_progress("after the fault was mended")
            assert stream.is_running(), "the iperf3 stream broke"
            megabytes, pause_ms, _ = stream.finish()
            assert megabytes > 1 and pause_ms < 5000, (megabytes, pause_ms)
        finally:
            stream.close()


def network_in_use(lab):
    return wait_for("a route in use", lambda: lab.network_in_use("n1", "n2"))


def wait_down(lab, network):
    wait_for("route down", lambda: not lab.is_up("n1", "n2", network))
    other = "net1" if network == "net0" else "net0"
    assert lab.is_up("n1", "n2", other), "the other network's route went down as well"


def survives_cut(lab, kind, value=None):
    network = network_in_use(lab)
    with sessions_survive(lab) as ssh:
        lab.cut("n1", network, kind, value)
        wait_down(lab, network)
        ssh.wait_progress("during the cut")
        lab.heal("n1", network)
        wait_for("route up again", lambda: lab.is_up("n1", "n2", network))


@test(THREE)
def sessions_survive_a_silent_cut(lab):
    survives_cut(lab, "silent")


@test(THREE)
def sessions_survive_a_lost_carrier(lab):
    survives_cut(lab, "carrier")


@test(THREE)
def sessions_survive_a_cut_of_what_comes_in(lab):
    survives_cut(lab, "oneway", "in")


@test(THREE)
def sessions_survive_a_cut_of_what_goes_out(lab):
    survives_cut(lab, "oneway", "out")


@test(THREE)
def sessions_survive_a_flushed_address(lab):
    network = network_in_use(lab)
    address, length = address_of(lab.spec, "n1", network)
    with sessions_survive(lab) as ssh:
        lab["n1"].run("ip", "address", "flush", "dev", interface_of(network))
        wait_down(lab, network)
        ssh.wait_progress("without the address")
        lab["n1"].run("ip", "address", "add", f"{address}/{length}", "dev", interface_of(network))
        wait_for("route up again", lambda: lab.is_up("n1", "n2", network))


@test(THREE)
def sessions_survive_a_flush_of_the_adapters_own_addresses_and_routes(lab):
    address = lab["n1"].show()["adapter"]["ipv4"]
    with sessions_survive(lab) as ssh:
        # netftd may put them back faster than ip(8) looks whether they are gone.
        lab["n1"].run("ip", "-loops", "1", "address", "flush", "dev", "netft0", check=False)
        wait_for("address restored", lambda: address in lab["n1"].run(
            "ip", "address", "show", "dev", "netft0").stdout)
        lab["n1"].run("ip", "route", "flush", "dev", "netft0")
        peer = lab.peer("n1", "n2")["ipv4"]
        wait_for("route restored", lambda: peer in lab["n1"].run(
            "ip", "route", "show", "dev", "netft0").stdout)
        ssh.wait_progress("after both were restored")


@test(THREE)
def sessions_survive_kill_9_and_restart_of_the_peers_netftd(lab):
    with sessions_survive(lab) as ssh:
        lab["n2"].kill()
        lab["n2"].start()
        lab.wait_all_up()
        ssh.wait_progress("after the restart")


@test(THREE)
def sessions_survive_kill_9_and_restart_of_the_own_netftd(lab):
    with sessions_survive(lab) as ssh:
        lab["n1"].kill()
        lab["n1"].start()
        lab.wait_all_up()
        ssh.wait_progress("after the restart")


@test(THREE)
def sessions_survive_the_loss_of_a_third_of_the_packets_on_one_network(lab):
    # The route may stay up or go down: the traffic has to go on.
    network = network_in_use(lab)
    with sessions_survive(lab) as ssh:
        lab.cut("n1", network, "loss", 33)
        ssh.wait_progress("during the loss", seconds=30)
        lab.heal("n1", network)
