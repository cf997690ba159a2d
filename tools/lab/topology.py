"""Namespaces, switches and cables: made from a spec, removed by name."""
import os
import shutil
import signal

from lab.shell import batch, is_alive, output_of, wait_until
from lab.spec import (NAMESPACE_PATTERN, ROUTER, SWITCH, address_of, gateway_of, interface_of,
                      namespace_of, nic_of, switch_port)

# No duplicate address detection: an IPv6 address is usable at once. No router solicitations.
NODE_SYSCTLS = {
    "net.ipv6.conf.all.accept_dad": 0, "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.default.dad_transmits": 0, "net.ipv6.conf.default.router_solicitations": 0,
}
# The switch has no addresses of its own: a port out of its bridge must be deaf and dumb.
SWITCH_SYSCTLS = {"net.ipv6.conf.all.disable_ipv6": 1, "net.ipv6.conf.default.disable_ipv6": 1}
ROUTER_SYSCTLS = {
    "net.ipv4.ip_forward": 1, "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0, "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.conf.default.send_redirects": 0,
}


def existing_namespaces():
    """Names of all namespaces that a lab of any size may have made."""
    names = [line.split()[0] for line in output_of("ip", "netns", "list").splitlines() if line]
    return [name for name in names if NAMESPACE_PATTERN.match(name)]


def _add_namespace(name, sysctls):
    output_of("ip", "netns", "add", name)
    settings = [f"{key}={value}" for key, value in sysctls.items()]
    output_of("ip", "netns", "exec", name, "sysctl", "-q", "-w", *settings)
    batch(name, ["link set lo up"])


def _port_index(node, network):
    """An index no node's interface has. The kernel takes a veth pair whose two ends have one index
    for a real NIC, and may then tell a loss of carrier up to a second late."""
    base = 100_000 if node.startswith("r") else 1_000
    return base + 64 * int(node[1:]) + int(interface_of(network)[3:])


def _cable(spec, node, network):
    port, interface = switch_port(node, network), nic_of(spec, network)
    index = _port_index(node, network)
    return [f"link add {port} index {index} mtu {spec.mtu} type veth peer name {interface} mtu {spec.mtu} "
            f"netns {namespace_of(node)}",
            f"link set {port} master {network} up"]


# What the kernel of a node sees of a NIC that is netft's: nothing. Packet sockets see it before this.
NIC_RULES = """table netdev lab_{nic} {{
chain ingress {{ type filter hook ingress device {nic} priority 0; policy drop; }}
}}
"""


def _seize(spec, node, network):
    nic = nic_of(spec, network)
    batch(namespace_of(node), [f"link set {nic} addrgenmode none", f"link set {nic} arp off up"])
    output_of("ip", "netns", "exec", namespace_of(node), "nft", "-f", "-",
              stdin=NIC_RULES.format(nic=nic))


def _join(spec, node):
    """The node's interfaces; those of devices come with netftd, and their addresses, too."""
    for network in spec.network_names():
        if spec.port == "device":
            _seize(spec, node, network)
    if spec.port not in ("device", "memif"):
        batch(namespace_of(node), [line for network in spec.network_names()
                                   for line in _interface_lines(spec, node, network)])


def _interface_lines(spec, node, network):
    interface = interface_of(network)
    address, length = address_of(spec, node, network)
    lines = []
    if spec.addresses == "link-local":
        lines.append(f"link set {interface} addrgenmode none")
    nodad = " nodad" if ":" in address else ""
    lines += [f"address add {address}/{length} dev {interface}{nodad}",
              f"link set {interface} up"]
    if spec.addresses == "routed":
        lines.append(_gateway_line(node, network))
    return lines


def _gateway_line(node, network):
    interface = interface_of(network)
    return (f"route replace 10.0.0.0/8 via {gateway_of(node, network)} dev {interface} "
            f"metric {100 + int(interface[3:])}")


def settle(spec, node):
    """netftd runs: what a network manager does with the exception TAPs, which come with it."""
    if spec.port == "device" and spec.addresses == "routed":
        batch(namespace_of(node), [_gateway_line(node, network)
                                   for network in spec.network_names()])


def plug(spec, node, network):
    """Puts an interface that was unplugged back in, with its address."""
    batch(SWITCH, _cable(spec, node, network))
    batch(namespace_of(node), _interface_lines(spec, node, network))


def unplug(node, network):
    """Takes the interface out of the node: to its kernel it is gone."""
    batch(SWITCH, [f"link delete {switch_port(node, network)}"])


def _add_router(spec):
    _add_namespace(ROUTER, ROUTER_SYSCTLS)
    lines = []
    for network in spec.network_names():
        interface = interface_of(network)
        port = switch_port("r1", network)
        batch(SWITCH, [f"link add {port} index {_port_index('r1', network)} type veth "
                       f"peer name {interface} netns {ROUTER}",
                       f"link set {port} master {network} up"])
        lines += [f"address add {gateway_of(node, network)}/24 dev {interface}"
                  for node in spec.node_names()]
        lines.append(f"link set {interface} up")
    batch(ROUTER, lines)


def build(spec):
    _add_namespace(SWITCH, SWITCH_SYSCTLS)
    for node in spec.node_names():
        _add_namespace(namespace_of(node), NODE_SYSCTLS)
    # mcast_snooping off: the bridge floods multicast, as a switch without a querier must.
    lines = []
    for network in spec.network_names():
        lines += [f"link add {network} type bridge mcast_snooping 0",
                  f"link set {network} mtu {spec.mtu} up"]
    for node in spec.node_names():
        for network in spec.network_names():
            lines += _cable(spec, node, network) if spec.port != "memif" else []
    batch(SWITCH, lines)
    for node in spec.node_names():
        _join(spec, node)
    if spec.addresses == "routed":
        _add_router(spec)


def processes_in(namespace):
    return [int(pid) for pid in output_of("ip", "netns", "pids", namespace).split()]


def _end_processes(namespace):
    for number in (signal.SIGTERM, signal.SIGKILL):
        pids = [pid for pid in processes_in(namespace) if pid != os.getpid()]
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        if wait_until(lambda: not any(map(is_alive, pids)), 3):
            break


def remove_all():
    """Removes every namespace of a lab with all that runs in it. Gives their names."""
    names = existing_namespaces()
    for name in names:
        _end_processes(name)
    for name in names:
        output_of("ip", "netns", "delete", name)
        shutil.rmtree(f"/etc/netns/{name}", ignore_errors=True)
    return names
