"""What the command lines of netft-lab and netft-bench share. Usage errors: exit 2."""
import argparse
import sys

VERSION = "0.1.0"


class Parser(argparse.ArgumentParser):
    def error(self, message):
        tool = self.prog.split()[0]
        print(f"{tool}: usage: {message}; see '{tool} --help'", file=sys.stderr)
        sys.exit(2)


def top_parser(prog, description):
    """With the options that both have."""
    top = Parser(prog=prog, description=description)
    top.add_argument("--version", action="version", version=f"{prog} {VERSION}")
    top.add_argument("--bin", metavar="DIR", help="where netftd and its tools are: a build or a "
                     "program directory (default: $NETFT_BIN, the tree's build, the PATH)")
    return top


def whole(minimum, maximum):
    """The type of an option: a whole number within bounds that belong to it."""
    def parse(text):
        if not text.isdigit() or not minimum <= int(text) <= maximum:
            raise argparse.ArgumentTypeError(
                f"'{text}' is not a number from {minimum} to {maximum}")
        return int(text)
    return parse
