"""Cut and heal: every fault is made at the switch, so that the node sees what it would see of a
broken switch or cable and nothing else.

The kernel of a small machine may have no netem, so:
  silent   the port leaves its bridge: the carrier stays, packets vanish
  carrier  the port goes down: the node loses carrier
  oneway   nft on the port drops all that the node sends (out) or all that comes to it (in)
  loss     nft on the port drops a share of the packets, both ways
  mtu      nft on the port drops what is longer than N bytes of IP, both ways, and says nothing
  source_port  nft on the port drops all UDP that the node sends from one source port: as if one of
           several equal-cost paths were broken
  rate     a token bucket at both ends of the cable
  link     delay, jitter, reordering, duplication, with or without loss: lab-relay stands between the
           port and its bridge. Killed, it leaves a silent cut; to remove its TAP is to end it.
Loss, mtu and all of link but a plain delay must see real datagrams: while such a fault stands, segmentation of UDP is taken away
from all nodes' interfaces on that network, for else 64 KiB cross a veth as one packet.
"""
import subprocess

from lab.shell import LabError, batch, output_of, succeeds
from lab.spec import SWITCH, interface_of, namespace_of, relay_tap, switch_port

ETHERNET_HEADER = 14
LINK_WORDS = ("delay", "jitter", "reorder", "duplicate")  # milliseconds, then percent


def _table(node, network):
    return f"fault_{node}_{network}"


def _nft(text):
    output_of("ip", "netns", "exec", SWITCH, "nft", "-f", "-", stdin=text)


def _filter(node, network, ingress="", egress=""):
    """Rules for what the node sends (ingress of the switch) and what comes to it (egress)."""
    device = f'device "{switch_port(node, network)}"'
    chains = ""
    for hook, rule in (("ingress", ingress), ("egress", egress)):
        if rule:
            chains += (f"chain {hook} {{ type filter hook {hook} {device} priority 0; "
                       f"policy accept; {rule}; }}\n")
    _nft(f"table netdev {_table(node, network)} {{\n{chains}}}\n")


def _set_udp_segmentation(spec, network, state):
    for node in spec.node_names():
        succeeds("ip", "netns", "exec", namespace_of(node), "ethtool", "-K",
                 interface_of(network), "tx-udp-segmentation", state)


def _silent(_spec, node, network, _value):
    output_of("ip", "-n", SWITCH, "link", "set", switch_port(node, network), "nomaster")


def _carrier(_spec, node, network, _value):
    output_of("ip", "-n", SWITCH, "link", "set", switch_port(node, network), "down")


def _oneway(_spec, node, network, value):
    _filter(node, network, **{"ingress" if value == "out" else "egress": "drop"})


def _loss(spec, node, network, value):
    _set_udp_segmentation(spec, network, "off")
    share = round(value * 100)  # of 10,000
    rule = f"numgen random mod 10000 < {share} drop"
    _filter(node, network, ingress=rule, egress=rule)


def _model(words, is_on):
    """lab-relay's words for one direction."""
    if not is_on:
        return "0,0,0,0,0"
    times = [words.get(name, 0) for name in ("delay", "jitter")]
    shares = [words.get(name, 0) / 100 for name in ("reorder", "duplicate", "loss")]
    return ",".join(str(word) for word in times + shares)


def _start_relay(binaries, node, network, words):
    direction = words.get("oneway")
    process = subprocess.Popen(
        ["ip", "netns", "exec", SWITCH, binaries.find("lab-relay"), switch_port(node, network),
         relay_tap(node, network), "--seed", str(words.get("seed", 1)),
         "--out", _model(words, direction != "in"), "--in", _model(words, direction != "out")],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True)
    with process.stdout, process.stderr:
        if process.stdout.readline().strip() != "ready":
            raise LabError(process.stderr.readline().strip() or "lab-relay: ended at once")
    process.returncode = 0  # it outlives us


def _link(spec, node, network, words, binaries):
    """The words: what LINK_WORDS names, "loss", "oneway" (the only direction that is bad), "seed"."""
    if set(words) - {"delay", "oneway", "seed"}:
        _set_udp_segmentation(spec, network, "off")
    _start_relay(binaries, node, network, words)
    batch(SWITCH, [f"link set {relay_tap(node, network)} mtu {spec.mtu} up",
                   f"link set {switch_port(node, network)} nomaster",
                   f"link set {relay_tap(node, network)} master {network}"])


def _mtu(spec, node, network, value):
    _set_udp_segmentation(spec, network, "off")
    # At ingress the Ethernet header is already taken off, at egress it is counted.
    _filter(node, network, ingress=f"meta length > {value} drop",
            egress=f"meta length > {value + ETHERNET_HEADER} drop")


def _source_port(_spec, node, network, value):
    _filter(node, network, ingress=f"meta l4proto udp udp sport {value} drop")


def _rate(_spec, node, network, value):
    shaper = ["root", "tbf", "rate", value, "burst", "64kb", "latency", "50ms"]
    output_of("tc", "-n", SWITCH, "qdisc", "replace", "dev", switch_port(node, network), *shaper)
    output_of("tc", "-n", namespace_of(node), "qdisc", "replace", "dev", interface_of(network),
              *shaper)


FAULTS = {"silent": _silent, "carrier": _carrier, "oneway": _oneway, "loss": _loss, "mtu": _mtu,
          "rate": _rate, "source_port": _source_port}


def cut(spec, node, network, kind="silent", value=None, binaries=None):
    _check(spec, node, network)
    heal(spec, node, network)
    try:
        if kind == "link":
            _link(spec, node, network, value, binaries)
        else:
            FAULTS[kind](spec, node, network, value)
    except LabError:
        heal(spec, node, network)
        raise


def heal(spec, node, network):
    """Undoes every kind of fault on one cable; harmless where there is none."""
    _check(spec, node, network)
    port = switch_port(node, network)
    succeeds("ip", "-n", SWITCH, "link", "delete", relay_tap(node, network))
    succeeds("ip", "netns", "exec", SWITCH, "nft", "delete", "table", "netdev",
             _table(node, network))
    succeeds("tc", "-n", SWITCH, "qdisc", "del", "dev", port, "root")
    if network_exists_at(node, network):
        succeeds("tc", "-n", namespace_of(node), "qdisc", "del", "dev", interface_of(network),
                 "root")
    _set_udp_segmentation(spec, network, "on")
    output_of("ip", "-n", SWITCH, "link", "set", port, "master", network, "up")


def network_exists_at(node, network):
    return succeeds("ip", "-n", namespace_of(node), "link", "show", interface_of(network))


def _check(spec, node, network):
    if node not in spec.node_names():
        raise LabError(f"{node}: no such node; the lab has {' '.join(spec.node_names())}")
    if network not in spec.network_names():
        raise LabError(f"{network}: no such network; the lab has "
                       f"{' '.join(spec.network_names())}")
