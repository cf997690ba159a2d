"""An independent implementation, written from protocol.md, talks with a running netftd.

    netftd ------ the stranger     net0      which is n1 and which n2 depends on their keys
"""
import base64
import contextlib
import os

from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

from stranger.driver import Stranger, public_keys_of, run_selftest

ENCRYPT = Spec(nodes=2, networks=1, security="encrypt")
SIGN = Spec(nodes=2, networks=1, security="sign")
TWO_NETWORKS = Spec(nodes=2, networks=2, security="encrypt")


@test()
def the_strangers_cryptography_is_that_of_the_published_vectors(_binaries):
    assert "OK" in run_selftest()


def by_key(lab):
    """(the node with the lower public key, the other): when both initiate, the initiation of the
    lower one is answered."""
    keys = public_keys_of(lab.config)
    return sorted(keys, key=lambda name: base64.b64decode(keys[name]))


@contextlib.contextmanager
def stopped(lab):
    """No netftd runs; the runner's mending starts them again."""
    for daemon in lab.nodes.values():
        daemon.stop()
    yield


def talks(lab, netftd, stranger, name):
    """Cards, a route that is up at both ends, and a ping."""
    stranger.wait("card", peer=netftd)
    stranger.wait("acknowledged", peer=netftd)
    for network in lab.spec.network_names():
        wait_for(f"the route on {network}", lambda at=network: lab.is_up(netftd, name, at))
    wait_for("the stranger's routes", lambda: set(stranger.show()["peers"][0]["routes"]) == {"up"})
    assert lab.peer(netftd, name)["state"] == "reachable"
    text = lab[netftd].run(lab.binaries.find("netft-route"), "show").stdout
    assert "up" in text and "reachable" in text, text
    for sequence, (size, body) in enumerate(((56, 1400), (1200, 500), (1200, 20)), 1):
        echo = stranger.ping(netftd, sequence, os.urandom(size), body)
        assert echo["address"] == stranger.all("card")[-1]["ipv4"], echo
    return lab.flaps(netftd)


def stays_up(lab, netftd, since):
    assert lab.flaps(netftd) == since, "a route flapped"


@test(ENCRYPT)
def a_stranger_that_initiates_is_let_in_and_pings(lab):
    name, netftd = by_key(lab)
    with stopped(lab):
        lab[netftd].start()
        with Stranger(lab, name, [netftd], answers=False) as stranger:
            assert stranger.wait("session")["initiated"]
            stays_up(lab, netftd, talks(lab, netftd, stranger, name))
            assert not stranger.all("session", initiated=False)


@test(ENCRYPT)
def a_stranger_that_only_answers_is_let_in_and_pings(lab):
    name, netftd = by_key(lab)
    with stopped(lab), Stranger(lab, name, [netftd], initiates=False) as stranger:
        lab[netftd].start()
        assert not stranger.wait("session")["initiated"]
        stays_up(lab, netftd, talks(lab, netftd, stranger, name))


@test(ENCRYPT)
def both_initiate_at_once_and_understand_each_other(lab):
    for name, netftd in (by_key(lab), reversed(by_key(lab))):
        with stopped(lab), Stranger(lab, name, [netftd]) as stranger:
            lab[netftd].start()
            talks(lab, netftd, stranger, name)


@test(ENCRYPT)
def a_strangers_cookie_is_brought_back_by_netftd(lab):
    name, netftd = by_key(lab)
    with stopped(lab), Stranger(lab, name, [netftd], initiates=False,
                                demands_cookies=True) as stranger:
        lab[netftd].start()
        stranger.wait("refused", reason="rx_needs_cookie")
        talks(lab, netftd, stranger, name)


@test(SIGN)
def a_stranger_speaks_signed_as_well(lab):
    for options in ({"answers": False}, {"initiates": False}):
        name, netftd = by_key(lab)
        with stopped(lab), Stranger(lab, name, [netftd], **options) as stranger:
            lab[netftd].start()
            talks(lab, netftd, stranger, name)


@test(TWO_NETWORKS)
def a_stranger_has_a_route_on_each_network(lab):
    name, netftd = by_key(lab)
    with stopped(lab), Stranger(lab, name, [netftd]) as stranger:
        lab[netftd].start()
        talks(lab, netftd, stranger, name)


@test(ENCRYPT)
def a_strangers_second_start_is_a_restart(lab):
    name, netftd = by_key(lab)
    with stopped(lab):
        lab[netftd].start()
        for _ in range(2):
            with Stranger(lab, name, [netftd]) as stranger:
                talks(lab, netftd, stranger, name)
    assert "restarted" in lab[netftd].last_words(200)


@test(ENCRYPT)
def netftds_restart_is_one_for_the_stranger(lab):
    name, netftd = by_key(lab)
    with stopped(lab), Stranger(lab, name, [netftd]) as stranger:
        lab[netftd].start()
        talks(lab, netftd, stranger, name)
        lab[netftd].kill()
        cards = len(stranger.all("card"))
        lab[netftd].start()
        stranger.wait("session", restarted=True)
        stranger.wait("card", since=cards)
        talks(lab, netftd, stranger, name)


@test(ENCRYPT)
def keys_are_renewed_by_either_end_without_a_flap(lab):
    for options in ({"answers": False, "rekey_s": 0.5}, {"initiates": False}):
        name, netftd = by_key(lab)
        text = lab.config.read_text(encoding="utf-8")
        with stopped(lab), Stranger(lab, name, [netftd], **options) as stranger:
            rekey = 'rekey = "1s"\n' if "initiates" in options else ""
            lab.config.write_text(text.replace("[security]\n", "[security]\n" + rekey),
                                  encoding="utf-8")
            try:
                lab[netftd].start()
                since = talks(lab, netftd, stranger, name)
                opened = len(stranger.all("session"))
                wait_for("five renewals", lambda: len(stranger.all("session")) >= opened + 5, 20)
                stays_up(lab, netftd, since)
                stranger.ping(netftd, 99, b"after renewal")
            finally:
                lab.config.write_text(text, encoding="utf-8")


@test(ENCRYPT)
def a_stranger_with_another_cluster_key_stays_out(lab):
    name, netftd = by_key(lab)
    other = base64.b64encode(bytes(range(32))).decode()
    with stopped(lab), Stranger(lab, name, [netftd], cluster_keys=[other],
                                initiates=False) as stranger:
        lab[netftd].start()
        wait_for("the refusal", lambda: lab[netftd].show()["drops"].get("rx_wrong_cluster_key"))
        assert not stranger.all("session") and lab.peer(netftd, name)["state"] == "unreachable"
