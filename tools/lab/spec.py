"""What a lab looks like, and the names and addresses that follow from it. Touches nothing."""
import dataclasses
import re

SWITCH = "netft-sw"
ROUTER = "netft-r1"
NAMESPACE_PATTERN = re.compile(r"netft-(n\d+|sw|r1)$")
PORT = 3343

NODES_MAX = 64
NETWORKS_MAX = 8


@dataclasses.dataclass(frozen=True)
class Spec:
    nodes: int = 3
    networks: int = 2
    # socket, af_packet, af_xdp; device: the cable's end belongs to a DPDK device (net_af_packet) and
    # the node has an exception TAP in its place; memif: two nodes joined by net_memif, no cables
    port: str = "socket"
    security: str = "encrypt"  # encrypt, sign or none
    policy: str = ""  # empty: netftd's default
    heartbeat: tuple = ()  # ("10ms", 3); empty: netftd's default
    mtu: int = 1500
    # ipv4, ipv6 (unique-local), link-local (fe80 only) or routed (every node on subnets of its
    # own, joined by the router namespace netft-r1)
    addresses: str = "ipv4"
    one_endpoint: bool = False  # cluster.toml lists only the first endpoint of every node
    # Whether routes that flap are damped. Not where a test cuts one again and again to see something
    # else.
    damping: bool = False
    extra: str = ""  # TOML put at the end of cluster.toml

    def node_names(self):
        return [f"n{i}" for i in range(1, self.nodes + 1)]

    def network_names(self):
        return [f"net{i}" for i in range(self.networks)]

    def routes_per_peer(self):
        """How many routes to one peer must come up."""
        return self.networks ** 2 if self.addresses == "routed" else self.networks


def namespace_of(node):
    return f"netft-{node}"


def switch_port(node, network):
    """The switch's end of a node's cable."""
    return f"{node}-{network}"


def relay_tap(node, network):
    """What takes the port's place at the bridge while lab-relay makes the cable bad."""
    return f"{switch_port(node, network)}~r"


def interface_of(network):
    """The node's interface: net0 is joined by eth0."""
    return "eth" + network.removeprefix("net")


def nic_of(spec, network):
    """The node's end of the cable as its kernel sees it: the NIC behind eth0 is nic0."""
    return interface_of(network).replace("eth", "nic") if spec.port == "device" \
        else interface_of(network)


def device_of(spec, node, network, directory):
    """The DPDK device of the node's interface."""
    number = number_of(network)
    if spec.port == "memif":
        role = "server" if node == "n1" else "client"
        return (f"net_memif{number},role={role},id={number},socket={directory}/{network}.memif,"
                "socket-abstract=no")
    return (f"net_af_packet{1000 + number},iface={nic_of(spec, network)},qpairs=1,framesz=2048,"
            "blocksz=65536,framecnt=512")


def number_of(name):
    return int(re.search(r"\d+$", name).group())


def address_of(spec, node, network):
    """Address and prefix length of a node on a network: ("10.0.0.1", 24)."""
    n, net = number_of(node), number_of(network)
    if spec.addresses == "ipv6":
        return f"fd00:{net + 1:x}::{n:x}", 64
    if spec.addresses == "link-local":
        return f"fe80::{net + 1:x}:{n:x}", 64
    if spec.addresses == "routed":
        return f"10.{net}.{n}.1", 24
    return f"10.{net}.0.{n}", 24


def gateway_of(node, network):
    """The router's address on a node's own subnet (addresses = routed)."""
    return f"10.{number_of(network)}.{number_of(node)}.254"


def host_of(endpoint):
    """The address in "10.0.0.1:3343", "[fd00::1]:3343" or "[fe80::1%eth0]:3343"."""
    return endpoint.rpartition(":")[0].strip("[]").partition("%")[0]


def endpoints_of(spec, node):
    """What cluster.toml lists for a node."""
    found = []
    for network in spec.network_names():
        address = address_of(spec, node, network)[0]
        if spec.addresses == "link-local":
            address += "%" + interface_of(network)
        found.append(address)
    return found[:1] if spec.one_endpoint else found
