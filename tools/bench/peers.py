"""What is measured. A Peer is brought up on a spec, says how n2 is reached from n1, and is gone with
the ground."""
import shutil

from bench.ground import Ground, ip_on
from lab.shell import LabError, output_of
from lab.spec import address_of, interface_of, number_of


class Peer:
    name = ""
    title = ""
    survives_a_cut = False  # it knows more than one path
    has_daemons = False

    def missing(self, _binaries):
        """Why it cannot be measured here, and what to install; empty when it can."""
        return ""

    def start(self, spec, binaries):
        """Everything up and reachable, or LabError."""
        raise NotImplementedError

    def address(self, node):
        """By which others reach the node."""
        raise NotImplementedError

    def pids(self):
        """Of the daemons, one a node."""
        return []

    def stop(self):
        """Takes back what down() of the ground does not."""

    def flaps(self):
        """How often its routes went up or down so far; None where that cannot be asked."""
        return None

    def suspicions(self):
        """How often a route between n1 and n2 was suspect; None where that cannot be asked."""
        return None


class Veth(Peer):
    name = "veth"
    title = "bare veth through the switch"

    def start(self, spec, _binaries):
        Ground.build(spec)
        self._spec = spec

    def address(self, node):
        return address_of(self._spec, node, "net0")[0]


class Vxlan(Veth):
    name = "vxlan"
    title = "kernel VXLAN over one network, clear"

    def missing(self, _binaries):
        try:
            output_of("ip", "link", "add", "bench-vx", "type", "vxlan", "id", "7", "dstport", "4789")
            output_of("ip", "link", "delete", "bench-vx")
        except LabError as error:
            return f"the kernel has no VXLAN ({error})"
        return ""

    def start(self, spec, binaries):
        super().start(spec, binaries)
        for node, other in (("n1", "n2"), ("n2", "n1")):
            ip_on(node, f"link add vx0 type vxlan id 7 local {super().address(node)} "
                  f"remote {super().address(other)} dstport 4789 dev {interface_of('net0')}",
                  f"address add {self.address(node)}/24 dev vx0", "link set vx0 up")

    def address(self, node):
        return f"192.168.77.{number_of(node)}"


def missing_programs(programs, packages):
    """The reason to skip a peer whose programs are not installed."""
    absent = [name for name in programs if not shutil.which(name)]
    return f"{', '.join(absent)} not installed: apt-get install {packages}" if absent else ""
