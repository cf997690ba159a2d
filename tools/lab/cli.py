"""The command line of netft-lab. Errors: "netft-lab: what: why"; exit 1 failed, 2 usage."""
import argparse
import json
import os
import re
import signal
import sys

from lab import demo, laboratory
from lab.binaries import Binaries
from lab.command_line import top_parser, whole
from lab.faults import FAULTS, LINK_WORDS
from lab.laboratory import Laboratory
from lab.shell import LabError
from lab.spec import NETWORKS_MAX, NODES_MAX, Spec


def _heartbeat(text):
    if not (found := re.fullmatch(r"(\d+(?:us|ms|s)),(\d+)", text)):
        raise argparse.ArgumentTypeError(f"'{text}' is not DELAY,THRESHOLD, for example 10ms,3")
    return found[1], int(found[2])


def _percent(text):
    try:
        if 0 < float(text.rstrip("%")) <= 100:
            return float(text.rstrip("%"))
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"'{text}' is not a percentage above 0 and up to 100")


def _milliseconds(text):
    if re.fullmatch(r"\d{1,5}(\.\d+)?(ms)?", text):
        return float(text.removesuffix("ms"))
    raise argparse.ArgumentTypeError(f"'{text}' is not a time in milliseconds, for example 20")


def _rate(text):
    if not re.fullmatch(r"\d+(\.\d+)?[kmg]?bit", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a rate, for example 10mbit")
    return text


def _add_up(commands):
    up = commands.add_parser("up", help="build the lab and wait until all routes are up")
    up.add_argument("--nodes", type=whole(2, NODES_MAX), default=3, metavar="N")
    up.add_argument("--networks", type=whole(1, NETWORKS_MAX), default=2, metavar="M")
    up.add_argument("--port", default="socket",
                    choices=("socket", "af_packet", "af_xdp", "device", "memif"),
                    help="device: a DPDK device with an exception TAP; memif: two nodes without a "
                    "switch")
    up.add_argument("--security", choices=("encrypt", "sign", "none"), default="encrypt",
                    help="default: encrypt")
    up.add_argument("--policy", choices=("failover", "spread", "duplicate"), default="")
    up.add_argument("--heartbeat", type=_heartbeat, default=(), metavar="DELAY,THRESHOLD")
    up.add_argument("--addresses", choices=("ipv4", "ipv6", "link-local", "routed"),
                    default="ipv4", help="of the endpoints; routed: every node on its own subnets")
    up.add_argument("--mtu", type=whole(1280, 65000), default=1500, metavar="BYTES")
    up.set_defaults(run=up_command)


def _add_faults(commands):
    cut = commands.add_parser("cut", help="make a fault on a node's cable (default: silent)")
    cut.add_argument("node")
    cut.add_argument("network")
    kind = cut.add_mutually_exclusive_group()
    kind.add_argument("--carrier", action="store_true", help="the node loses carrier")
    kind.add_argument("--mtu", type=whole(68, 65000), metavar="N",
                      help="silently drop packets longer than N bytes")
    kind.add_argument("--source-port", type=whole(1, 65535), metavar="P",
                      help="drop what the node sends from UDP port P: one of several paths is broken")
    kind.add_argument("--rate", type=_rate, metavar="R", help="bandwidth, for example 10mbit")
    cut.add_argument("--oneway", choices=("in", "out"),
                     help="only one direction is lost, or has the faults below")
    cut.add_argument("--loss", type=_percent, metavar="P", help="percent of packets")
    cut.add_argument("--delay", type=_milliseconds, metavar="MS", help="packets come later")
    cut.add_argument("--jitter", type=_milliseconds, metavar="MS",
                     help="by so much more or less, in order")
    cut.add_argument("--reorder", type=_percent, metavar="P", help="percent that are overtaken")
    cut.add_argument("--duplicate", type=_percent, metavar="P", help="percent that come twice")
    cut.add_argument("--seed", type=whole(1, 2**31), metavar="N", help="of the chances; default: 1")
    cut.set_defaults(run=cut_command)
    heal = commands.add_parser("heal", help="undo all faults, or those of one cable")
    heal.add_argument("node", nargs="?")
    heal.add_argument("network", nargs="?")
    heal.set_defaults(run=heal_command)


def _add_nodes(commands):
    run = commands.add_parser("exec", help="run a command on a node",
                              usage="netft-lab exec NODE -- COMMAND...")
    run.add_argument("node")
    run.add_argument("command", nargs=argparse.REMAINDER)
    run.set_defaults(run=exec_command)
    for name, text in (("start", "start netftd on a node"), ("stop", "end netftd on a node")):
        command = commands.add_parser(name, help=text)
        command.add_argument("node")
        command.set_defaults(run=stop_command if name == "stop" else start_command)
    restart = commands.add_parser("restart", help="end netftd on a node and start it again")
    restart.add_argument("node")
    how = restart.add_mutually_exclusive_group()
    how.add_argument("--kill", action="store_true", help="end it with kill -9")
    how.add_argument("--take-over", action="store_true",
                     help="start the next one first, which takes its place without a gap")
    restart.set_defaults(run=restart_command)
    logs = commands.add_parser("logs", help="print netftd's log")
    logs.add_argument("node", nargs="?")
    logs.add_argument("-f", "--follow", action="store_true")
    logs.set_defaults(run=logs_command)


def parser():
    top = top_parser("netft-lab", "A netft cluster in network namespaces of this machine, with "
                     "faults on demand. Needs root.")
    commands = top.add_subparsers(dest="name", metavar="COMMAND", required=True)
    _add_up(commands)
    _add_nodes(commands)
    _add_faults(commands)
    status = commands.add_parser("status", help="nodes, routes and faults of the lab")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=status_command)
    story = commands.add_parser("demo", help="the story in one command: up, cut, heal, down")
    story.set_defaults(run=demo_command)
    down = commands.add_parser("down", help="remove everything, whatever state it is in")
    down.set_defaults(run=down_command)
    return top


def up_command(options, binaries):
    spec = Spec(**{name: getattr(options, name) for name in
                   ("nodes", "networks", "port", "security", "policy", "heartbeat", "addresses",
                    "mtu")}, damping=True)
    lab = Laboratory(spec, binaries)
    lab.build()  # what fails here leaves nothing behind: see main()
    try:
        lab.start_all()
        lab.wait_all_up()
        lab.write_hosts()
    except LabError as error:
        print(f"netft-lab: up: {error}\nnetft-lab: the lab stays for a look; 'netft-lab down' "
              "removes it", file=sys.stderr)
        return 1
    routes = (spec.nodes - 1) * spec.routes_per_peer()
    print(f"{spec.nodes} nodes on {spec.networks} networks are up, {routes} routes each: "
          f"{', '.join(lab.nodes)} on {', '.join(spec.network_names())}")
    return 0


def exec_command(options, binaries):
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser().error("exec: which command?")
    daemon = Laboratory.opened(binaries).node(options.node)
    os.execvpe("ip", ["ip", "netns", "exec", daemon.namespace, *command], daemon.environment())


def _fault_of(options):
    """The kind of fault and its value, as Laboratory.cut() takes them."""
    words = {name: value for name in (*LINK_WORDS, "loss", "oneway", "seed")
             if (value := getattr(options, name)) is not None}
    alone = [name for name in ("carrier", "mtu", "rate", "source_port") if getattr(options, name)]
    if alone and words:
        parser().error(f"cut: --{alone[0].replace('_', '-')} stands alone, not with --{next(iter(words))}")
    if alone:
        value = getattr(options, alone[0])
        return alone[0], None if value is True else value
    if len(words) == 1 and (only := next(iter(words))) in FAULTS:
        return only, words[only]
    if set(words) - {"oneway", "seed"}:
        return "link", words
    if words:
        parser().error("cut: --seed goes with what is left to chance")
    return "silent", None


def cut_command(options, binaries):
    kind, value = _fault_of(options)
    Laboratory.opened(binaries).cut(options.node, options.network, kind, value)
    return 0


def heal_command(options, binaries):
    lab = Laboratory.opened(binaries)
    if options.network:
        lab.heal(options.node, options.network)
    elif options.node:
        parser().error("heal: NODE needs a NETWORK; without both, all faults are undone")
    else:
        lab.heal_all()
    return 0


def start_command(options, binaries):
    Laboratory.opened(binaries).node(options.node).start()
    return 0


def stop_command(options, binaries):
    daemon = Laboratory.opened(binaries).node(options.node)
    if not daemon.pid():
        raise LabError(f"{options.node}: netftd does not run")
    if not daemon.stop():
        raise LabError(f"{options.node}: netftd did not end on SIGTERM and was killed")
    return 0


def restart_command(options, binaries):
    daemon = Laboratory.opened(binaries).node(options.node)
    if options.take_over:
        daemon.take_over()
        return 0
    daemon.stop(signal.SIGKILL if options.kill else signal.SIGTERM)
    daemon.start()
    return 0


def logs_command(options, binaries):
    lab = Laboratory.opened(binaries)
    daemons = [lab.node(options.node)] if options.node else list(lab.nodes.values())
    if options.follow:
        os.execvp("tail", ["tail", "-n", "+1", "-F", *(str(daemon.log) for daemon in daemons)])
    for daemon in daemons:
        if len(daemons) > 1:
            print(f"==> {daemon.node} <==")
        if daemon.log.exists():
            sys.stdout.write(daemon.log.read_text(encoding="utf-8", errors="replace"))
    return 0


def _node_status(daemon):
    shown = daemon.show()
    routes = [route for peer in (shown or {}).get("peers", []) for route in peer["routes"]]
    return {"node": daemon.node, "netftd": "running" if daemon.pid() else "stopped",
            "pid": daemon.pid(), "ipv4": (shown or {}).get("adapter", {}).get("ipv4"),
            "routes_up": sum(route["state"] == "up" for route in routes), "routes": len(routes)}


def _in_words(value):
    if isinstance(value, dict):
        return "".join(f" {name}={word}" for name, word in value.items())
    return "" if value is None else f" {value}"


def status_command(options, binaries):
    lab = Laboratory.opened(binaries)
    nodes = [_node_status(daemon) for daemon in lab.nodes.values()]
    broken = [{"node": place.split()[0], "network": place.split()[1], "fault": kind,
               "value": value} for place, (kind, value) in sorted(lab.faults.items())]
    if options.json:
        print(json.dumps({"version": 1, "nodes": nodes, "faults": broken}))
        return 0
    print(f"{'NODE':<6} {'NETFTD':<8} {'PID':>7}  {'ADDRESS':<16} ROUTES UP")
    for node in nodes:
        print(f"{node['node']:<6} {node['netftd']:<8} {node['pid'] or '-':>7}  "
              f"{node['ipv4'] or '-':<16} {node['routes_up']} of {node['routes']}")
    for fault in broken:
        print(f"fault: {fault['node']} {fault['network']}: {fault['fault']}"
              f"{_in_words(fault['value'])}")
    return 0


def demo_command(_options, binaries):
    return demo.tell(binaries)


def down_command(_options, _binaries):
    if not laboratory.down():
        print("netft-lab: there was no lab")
    return 0


def main():
    options = parser().parse_args()
    if os.geteuid() != 0:
        print(f"netft-lab: {options.name}: needs root (namespaces, /dev/net/tun)", file=sys.stderr)
        return 1
    existed = True  # until we know better: what others made is not ours to remove
    try:
        existed = laboratory.exists()
        return options.run(options, Binaries(options.bin))
    except LabError as error:
        print(f"netft-lab: {options.name}: {error}", file=sys.stderr)
        if options.name == "up" and not existed:
            laboratory.down()
        return 1
    except KeyboardInterrupt:
        print(f"netft-lab: {options.name}: interrupted", file=sys.stderr)
        if options.name in ("up", "demo") and not existed:
            laboratory.down()
        return 1
