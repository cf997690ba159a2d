"""What netft says on every node, as values."""
import dataclasses
import json

from lab.spec import host_of

UP = ("up", "suspect", "damped")


@dataclasses.dataclass(frozen=True)
class Route:
    node: str
    peer: str
    local: str   # addresses
    remote: str
    device: str
    state: str
    reason: str


@dataclasses.dataclass
class Claims:
    routes: list = dataclasses.field(default_factory=list)
    reachable: dict = dataclasses.field(default_factory=dict)  # (node, peer) -> bool
    addresses: dict = dataclasses.field(default_factory=dict)  # (node, peer) -> (IPv4, IPv6)
    check: dict = dataclasses.field(default_factory=dict)      # node -> (exit code, its line)
    why: dict = dataclasses.field(default_factory=dict)        # (node, peer) -> [(culprit, text)]
    silent: list = dataclasses.field(default_factory=list)     # nodes that should answer and do not


def device_of(daemon, address):
    """The device that has the address now; "" for none."""
    for link in daemon.links:
        for one in link.get("addr_info", ()):
            if one.get("local") == address.partition("%")[0]:
                return link["ifname"]
    return ""


def _add_shown(claims, daemon, shown):
    for peer in shown["peers"]:
        pair = (daemon.node, peer["name"])
        claims.reachable[pair] = peer["state"] == "reachable"
        claims.addresses[pair] = (peer["ipv4"], peer["ipv6"])
        for route in peer["routes"]:
            local, remote = host_of(route["local"]), host_of(route["remote"])
            claims.routes.append(Route(*pair, local, remote, device_of(daemon, local),
                                       route["state"], route["reason"]))


def _add_why(claims, daemon, peer):
    done = daemon.run("netft-route", "why", "--json", peer, check=False, timeout=15)
    if done.returncode == 0:
        found = json.loads(done.stdout)["findings"]
        claims.why[daemon.node, peer] = [(one["culprit"], one["text"]) for one in found]


def read_links(lab):
    """`links` of each node becomes what its kernel has."""
    for daemon in lab.nodes.values():
        daemon.links = json.loads(daemon.run("ip", "-j", "address").stdout)


def read(lab, running):
    """What the nodes in `running` say."""
    claims = Claims()
    for name in running:
        daemon = lab[name]
        shown = daemon.show()
        if shown is None:
            claims.silent.append(name)
            continue
        _add_shown(claims, daemon, shown)
        done = daemon.run("netft-route", "check", check=False, timeout=15)
        claims.check[name] = (done.returncode, (done.stdout + done.stderr).strip())
    return claims


def add_why(claims, lab, pairs):
    for node, peer in pairs:
        _add_why(claims, lab[node], peer)
