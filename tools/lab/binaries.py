"""Where netftd and its tools are: a build directory, a directory of programs, or the PATH."""
import os
import pathlib
import shutil

from lab.shell import LabError

TOOLS = pathlib.Path(__file__).resolve().parent.parent


def _places(directory):
    """A plain directory of programs, or the places in a build directory where meson puts them."""
    top = pathlib.Path(directory)
    found = [top, top / "netft" / "daemon", top / "tools", *sorted(top.glob("tools/*")),
             top / "tests" / "bench"]
    return [path for path in found if path.is_dir()]


class Binaries:
    """Looks in --bin, then $NETFT_BIN, then the tree's build directory, then the PATH."""

    def __init__(self, directory=None):
        wanted = directory or os.environ.get("NETFT_BIN")
        if wanted and not pathlib.Path(wanted).is_dir():
            raise LabError(f"{wanted}: no such directory")
        built = TOOLS.parent / "build"
        self.directory = str(wanted or built)
        self._directories = _places(self.directory)
        if not wanted:
            self._directories.append(TOOLS)
        self._directories += _places(TOOLS.parent.parent / "libexec" / "netft")  # where installed

    def search_path(self):
        """A PATH with the programs' directories in front."""
        return os.pathsep.join([*map(str, self._directories), os.environ.get("PATH", os.defpath)])

    def find(self, name):
        found = shutil.which(name, path=self.search_path())
        if not found:
            raise LabError(f"{name}: not found; build first (tools/demo does) or give --bin DIR")
        return found
