"""What hosts and their owners do to a lab. Each deed does, and undoes; nothing here judges.

A deed marks what the judge must know and cannot measure: pairs about which nothing may be said
(`unjudged`: random loss, black holes for some sizes), and pairs whose paths are harmed for netft's
own port alone (`hidden`).
"""
import contextlib
import os
import signal

from lab import topology
from lab.shell import LabError, batch, wait_until
from lab.spec import PORT, address_of, interface_of, namespace_of, switch_port
from truth.agent import PATH_PORT

PORTS = f"{{ {PORT}, {PATH_PORT} }}"


class NothingToDo(Exception):
    """There is nothing left that a deed could be done to."""


class Scene:
    """A lab with what was done to it."""

    def __init__(self, lab, rng):
        self.lab = lab
        self.rng = rng
        self.frozen = set()
        self.stopped = set()
        self.unjudged = set()
        self.hidden = set()
        self.touched = set()  # (node, network): a cable or interface has one deed at a time
        self.text = lab.config.read_text(encoding="utf-8")

    def node(self):
        return self.rng.choice(self.lab.spec.node_names())

    def network(self):
        return self.rng.choice(self.lab.spec.network_names())

    def cable(self):
        """A (node, network) that no deed has touched yet."""
        free = [(n, k) for n in self.lab.spec.node_names() for k in self.lab.spec.network_names()
                if (n, k) not in self.touched]
        if not free:
            raise NothingToDo
        place = self.rng.choice(free)
        self.touched.add(place)
        return place

    def address(self, node, network):
        return address_of(self.lab.spec, node, network)

    def ip(self, node, *lines):
        batch(namespace_of(node), lines)

    def nft(self, node, text):
        self.lab[node].run("nft", "-f", "-", input=text)

    def nft_chain(self, node, family, table, chain):
        """A table with one chain, which delete_table() removes."""
        self.nft(node, f"table {family} {table} {{\nchain c {{ {chain}; }}\n}}\n")

    def pairs_of(self, node):
        others = [o for o in self.lab.spec.node_names() if o != node]
        return {pair for o in others for pair in ((node, o), (o, node))}

    def reload_all(self, text):
        self.lab.config.write_text(text, encoding="utf-8")
        for daemon in self.lab.nodes.values():
            if daemon.pid() and daemon.node not in self.frozen:
                daemon.reload()


DEEDS = []


def deed(weight=1):
    """A generator function of a Scene: does, yields its name in words, undoes."""
    def register(function):
        DEEDS.append((function, weight))
        return function
    return register


def quietly(scene, node, *lines):
    for line in lines:
        with contextlib.suppress(LabError):
            scene.ip(node, line)


# --- addresses

@deed(2)
def vip(scene):
    """A floating address beside the own one; sometimes it is the first in the kernel's list."""
    node, network = scene.cable()
    device = interface_of(network)
    number, length = scene.rng.randrange(100, 200), scene.rng.choice((32, 24))
    address, own = f"10.{network[3:]}.0.{number}/{length}", "{}/{}".format(*scene.address(node, network))
    first = scene.rng.random() < 0.5
    lines = [f"address add {address} dev {device}"]
    if first:
        lines = [f"address del {own} dev {device}", *lines, f"address add {own} dev {device}"]
    scene.ip(node, *lines)
    yield f"{address} on {device} of {node}" + (", put there before the own one" if first else "")
    quietly(scene, node, f"address del {address} dev {device}",
            f"address replace {own} dev {device}")


@deed(2)
def own_address_away(scene):
    node, network = scene.cable()
    device, own = interface_of(network), "{}/{}".format(*scene.address(node, network))
    scene.ip(node, f"address del {own} dev {device}")
    back = scene.rng.random() < 0.4
    if back:
        scene.ip(node, f"address add {own} dev {device}")
    yield f"{own} taken off {device} of {node}" + (", and put back" if back else "")
    quietly(scene, node, f"address replace {own} dev {device}")


@deed()
def deprecated_address(scene):
    node, network = scene.cable()
    device, own = interface_of(network), "{}/{}".format(*scene.address(node, network))
    extra = f"10.{network[3:]}.0.77/24"
    scene.ip(node, f"address del {own} dev {device}",
             f"address add {extra} dev {device} preferred_lft 0 valid_lft 3000",
             f"address add {own} dev {device}")
    yield f"a deprecated {extra} before the own address on {device} of {node}"
    quietly(scene, node, f"address del {extra} dev {device}", f"address replace {own} dev {device}")


@deed(2)
def duplicate_address(scene):
    node, network = scene.cable()
    others = [o for o in scene.lab.spec.node_names() if o != node]
    other = scene.rng.choice(others)
    device, theirs = interface_of(network), "{}/{}".format(*scene.address(other, network))
    own = "{}/{}".format(*scene.address(node, network))
    scene.ip(node, f"address del {own} dev {device}", f"address add {theirs} dev {device}")
    # Which of the two answers is the switch's and the neighbour caches' choice.
    scene.unjudged |= scene.pairs_of(other) | scene.pairs_of(node)
    yield f"{node} has {theirs} of {other} on {device} instead of its own"
    quietly(scene, node, f"address del {theirs} dev {device}", f"address replace {own} dev {device}")
    for name in scene.lab.spec.node_names():
        quietly(scene, name, f"neighbour flush dev {device}")


# --- links

def _fault(kind, value=lambda rng: None, unjudged=False):
    def act(scene):
        node, network = scene.cable()
        wanted = value(scene.rng)
        scene.lab.cut(node, network, kind, wanted)
        if unjudged:
            scene.unjudged |= scene.pairs_of(node)
        yield f"{kind} {wanted or ''} on the cable of {node} to {network}"
        scene.lab.heal(node, network)
    return act


deed(3)(_fault("silent"))
deed(2)(_fault("carrier"))
deed(2)(_fault("oneway", lambda rng: rng.choice(("in", "out"))))
deed(1)(_fault("loss", lambda rng: rng.choice((10.0, 30.0)), unjudged=True))
deed(1)(_fault("mtu", lambda rng: rng.choice((1300, 1450))))


@deed(2)
def link_down(scene):
    node, network = scene.cable()
    device = interface_of(network)
    scene.ip(node, f"link set {device} down")
    back = scene.rng.random() < 0.4
    if back:
        scene.ip(node, f"link set {device} up")
    yield f"{device} of {node} set down" + (" and up" if back else "")
    quietly(scene, node, f"link set {device} up")


@deed()
def unplugged(scene):
    node, network = scene.cable()
    topology.unplug(node, network)
    back = scene.rng.random() < 0.5
    if back:
        topology.plug(scene.lab.spec, node, network)
    yield f"the NIC {interface_of(network)} of {node} taken out" + (" and put back" if back else "")
    if not back:
        topology.plug(scene.lab.spec, node, network)


@deed()
def renamed(scene):
    node, network = scene.cable()
    device = interface_of(network)
    scene.ip(node, f"link set {device} down", f"link set {device} name lan{network[3:]}",
             f"link set lan{network[3:]} up")
    yield f"{device} of {node} renamed"
    quietly(scene, node, f"link set lan{network[3:]} down",
            f"link set lan{network[3:]} name {device}", f"link set {device} up")


@deed()
def smaller_mtu(scene):
    node, network = scene.cable()
    device = interface_of(network)
    scene.ip(node, f"link set {device} mtu 1400")
    scene.unjudged |= scene.pairs_of(node)  # whether a difference is worth a warning is a choice
    yield f"MTU 1400 on {device} of {node}"
    quietly(scene, node, f"link set {device} mtu {scene.lab.spec.mtu}")


@deed(2)
def swallowed_segmentation(scene):
    """What is longer than the wire takes never arrives: a driver that says it cuts, and does not."""
    node, network = scene.cable()
    device = interface_of(network)
    scene.nft_chain(node, "netdev", "truth_gso", f"type filter hook ingress device {device} priority "
                    "0; meta length > 1600 drop")
    yield f"segments longer than the wire lost at {device} of {node}"
    scene.nft(node, "delete table netdev truth_gso\n")


# --- other interfaces

@deed()
def host_bridge(scene):
    """A container manager's bridge: on one node, or the same subnet on all."""
    nodes = scene.lab.spec.node_names() if scene.rng.random() < 0.5 else [scene.node()]
    name = scene.rng.choice(("lxdbr0", "podman0", "br0", "virbr7"))
    for node in nodes:
        scene.ip(node, f"link add {name} type bridge", "link add pod0 type veth peer name pod1",
                 f"link set pod0 master {name} up", "link set pod1 up",
                 f"address add 10.88.0.1/16 dev {name}", f"link set {name} up")
    if len(nodes) > 1 and name == "br0":  # it may be meant to join them: a warning is a choice
        scene.unjudged |= {pair for node in nodes for pair in scene.pairs_of(node)}
    yield f"a bridge {name} with 10.88.0.1/16 on {' '.join(nodes)}"
    for node in nodes:
        quietly(scene, node, f"link del {name}", "link del pod0")


def _overlay(kind, make):
    def act(scene):
        network = scene.network()
        nodes = scene.lab.spec.node_names()
        for number, node in enumerate(nodes, 1):
            scene.ip(node, make(interface_of(network), network),
                     f"address add 192.168.99.{number}/24 dev over0", "link set over0 up")
        yield f"a {kind} over {network} on every node"
        for node in nodes:
            quietly(scene, node, "link del over0")
    return act


deed()(_overlay("vxlan", lambda device, network: f"link add over0 type vxlan id 7 dstport 4789 "
                f"dev {device} group 239.1.1.1"))
deed()(_overlay("macvlan", lambda device, network: f"link add link {device} name over0 type macvlan "
                "mode bridge"))


@deed()
def containers(scene):
    """Some that stay, and some that came and went."""
    node = scene.node()
    scene.ip(node, *[f"link add ct{i} type veth peer name cp{i}" for i in range(20)],
             *[f"link del ct{i}" for i in range(0, 20, 2)])
    yield f"containers came and went on {node}"
    quietly(scene, node, *[f"link del ct{i}" for i in range(1, 20, 2)])


# --- rules, routes, sysctls

@deed(2)
def vpn_rule(scene):
    """A VPN's table ahead of the main one: all goes by its default route."""
    node, network = scene.node(), scene.network()
    gateway = f"10.{network[3:]}.0.254"
    scene.ip(node, f"route add default via {gateway} dev {interface_of(network)} table 52 onlink",
             "rule add pref 5270 table 52")
    yield f"a VPN's rule 5270 with a default route by {network} on {node}"
    quietly(scene, node, "rule del pref 5270", "route flush table 52")


@deed(2)
def stray_route(scene):
    """A route for virtual addresses by a NIC."""
    node, network = scene.node(), scene.network()
    peer = next(o for o in scene.lab.spec.node_names() if o != node)
    virtual = scene.lab.peer(node, peer)
    if virtual is None:
        raise NothingToDo
    target, metric = scene.rng.choice(((virtual["ipv4"] + "/32", 0), ("169.254.0.0/16", 0),
                                       (virtual["ipv4"] + "/32", 5)))
    line = f"{target} dev {interface_of(network)} metric {metric}"
    scene.ip(node, f"route prepend {line}")
    yield f"a route to {target} by {interface_of(network)} on {node}, metric {metric}"
    quietly(scene, node, f"route del {line}")


@deed()
def default_route(scene):
    node, network = scene.node(), scene.network()
    line = f"default via 10.{network[3:]}.0.254 dev {interface_of(network)}"
    scene.ip(node, f"route add {line}")
    yield f"a default route by {network} on {node}"
    quietly(scene, node, f"route del {line}")


@deed()
def sysctls(scene):
    node = scene.node()
    key, value, before = scene.rng.choice((
        ("net.ipv4.conf.all.rp_filter", 1, 0), ("net.ipv4.ip_forward", 1, 0),
        ("net.ipv4.conf.all.arp_ignore", 1, 0), ("net.ipv4.conf.all.arp_announce", 2, 0)))
    scene.lab[node].run("sysctl", "-q", "-w", f"{key}={value}")
    yield f"{key}={value} on {node}"
    scene.lab[node].run("sysctl", "-q", "-w", f"{key}={before}")


# --- firewalls and NAT

def _firewall(verb, hook, side):
    def act(scene):
        node, network = scene.cable()
        device = interface_of(network)
        by = f"{side} \"{device}\" udp"
        scene.nft_chain(node, "inet", "truth_fw", f"type filter hook {hook} priority 0; "
                        f"{by} dport {PORTS} {verb}; {by} sport {PORTS} {verb}")
        yield f"{node}'s firewall: {hook} by {device} to netft's port {verb}"
        scene.nft(node, "delete table inet truth_fw\n")
    return act


deed()(_firewall("drop", "input", "iifname"))
deed()(_firewall("reject", "input", "iifname"))
deed()(_firewall("drop", "output", "oifname"))
deed()(_firewall("reject", "output", "oifname"))


@deed()
def masquerade(scene):
    """Our own datagrams leave with another source port."""
    node, network = scene.cable()
    device = interface_of(network)
    scene.nft_chain(node, "ip", "truth_nat", "type nat hook postrouting priority 100; oifname "
                    f"\"{device}\" udp dport {PORTS} masquerade random")
    # Echoes do not mind their port, and connections that the kernel knows already keep theirs.
    scene.unjudged |= scene.pairs_of(node)
    yield f"masquerade of netft's own datagrams by {device} of {node}"
    scene.nft(node, "delete table ip truth_nat\n")


# --- nodes and files

@deed(2)
def stopped(scene):
    node = scene.node()
    if node in scene.stopped | scene.frozen:
        raise NothingToDo
    scene.stopped.add(node)
    how = scene.rng.choice((signal.SIGTERM, signal.SIGKILL))
    scene.lab[node].stop(how)
    back = scene.rng.random() < 0.5
    if back:
        scene.lab[node].start()
        scene.stopped.discard(node)
    yield f"netftd of {node} ended by {how.name}" + (", started again" if back else "")
    if not back:
        scene.stopped.discard(node)
        scene.lab[node].start()


@deed()
def frozen(scene):
    node = scene.node()
    if node in scene.stopped | scene.frozen:
        raise NothingToDo
    scene.frozen.add(node)
    pid = scene.lab[node].pid()
    os.kill(pid, signal.SIGSTOP)
    yield f"netftd of {node} frozen"
    os.kill(pid, signal.SIGCONT)
    scene.frozen.discard(node)


def _sections(text):
    head, *nodes = text.split("\n[[node]]\n")
    return head, [node.rstrip("\n") + "\n" for node in nodes]


def _joined(head, nodes):
    return "\n[[node]]\n".join([head, *nodes])


@deed(2)
def reordered(scene):
    head, nodes = _sections(scene.text)
    scene.rng.shuffle(nodes)
    scene.reload_all(_joined(head, nodes))
    yield "the nodes of the file in another order, all reload"
    scene.reload_all(scene.text)


@deed(2)
def taken_out_and_put_back(scene):
    """On one node only, as a file does that was wrong for a minute."""
    node = scene.node()
    if node in scene.stopped | scene.frozen:
        raise NothingToDo
    head, nodes = _sections(scene.text)
    gone = scene.rng.choice([n for n in nodes if not n.startswith(f'name = "{node}"')])
    daemon = scene.lab[node]
    for text in (_joined(head, [n for n in nodes if n is not gone]), scene.text):
        before = daemon.last_words(10_000).count("reloaded")
        scene.lab.config.write_text(text, encoding="utf-8")
        daemon.reload()
        _wait_reloaded(daemon, before)
    yield f"{gone.splitlines()[0]} taken out of {node}'s file and put back"


def _wait_reloaded(daemon, before):
    wait_until(lambda: daemon.last_words(10_000).count("reloaded") > before, 5)
