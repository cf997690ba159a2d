"""Keys and cluster.toml: what every node of the lab is given."""
import os
import pathlib

from lab.shell import output_of
from lab.spec import address_of, device_of, endpoints_of, interface_of


def make_keys(binaries, directory, spec):
    """One key pair a node, by netft-key; gives the public keys by node."""
    key_tool = binaries.find("netft-key")
    public = {}
    for node in spec.node_names():
        key = pathlib.Path(directory, node, "node.key")
        key.parent.mkdir(parents=True)
        output_of(key_tool, "generate", "-o", str(key))
        os.chmod(key, 0o600)
        public[node] = output_of(key_tool, "public", str(key)).strip()
    return public


def make_cluster_key(binaries, directory):
    """The key that all nodes of the lab share; gives its file."""
    path = pathlib.Path(directory, "cluster.key")
    output_of(binaries.find("netft-key"), "cluster", "-o", str(path))
    return path


def _heartbeat_section(spec):
    if not spec.heartbeat:
        return ""
    delay, threshold = spec.heartbeat
    timing = f'{{ delay = "{delay}", threshold = {threshold} }}'
    return f"\n[heartbeat]\nsame_subnet = {timing}\ncross_subnet = {timing}\n"


def _node_section(spec, node, public_key, directory):
    endpoints = ", ".join(f'"{endpoint}"' for endpoint in endpoints_of(spec, node))
    text = (f'\n[[node]]\nname = "{node}"\npublic_key = "{public_key}"\n'
            f"endpoints = [{endpoints}]\n")
    if spec.port in ("device", "memif"):
        text += _devices_section(spec, node, directory)
    elif spec.port != "socket":
        text += f'[node.port]\nkind = "{spec.port}"\n'
    return text


def _devices_section(spec, node, directory):
    lines = []
    for network in spec.network_names():
        address, length = address_of(spec, node, network)
        device = device_of(spec, node, network, directory)
        lines.append(f'{interface_of(network)} = {{ device = "{device}", '
                     f'addresses = ["{address}/{length}"] }}\n')
    return "[node.port.devices]\n" + "".join(lines)


def cluster_toml(spec, public_keys, cluster_key):
    """The one file that is the same on all nodes."""
    text = (f'cluster = "lab"\n\n[security]\nmode = "{spec.security}"\n'
            f'key_file = "{cluster_key}"\n')
    text += _heartbeat_section(spec)
    if spec.policy:
        text += f'\n[traffic]\npolicy = "{spec.policy}"\n'
    if not spec.damping:
        text += "\n[damping]\nenabled = false\n"
    if spec.extra:
        text += f"\n{spec.extra}\n"
    for node in spec.node_names():
        text += _node_section(spec, node, public_keys[node], pathlib.Path(cluster_key).parent)
    return text
