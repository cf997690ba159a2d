"""netftd keeps two capabilities and a list of system calls, as root and as a user of its own.

    n1 ------ n2     net0
     \\________|      net1
"""
import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

from lab.spec import Spec, address_of, interface_of
from support.callers import restarted
from support.registry import Skip, test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=2)
PACKET = Spec(nodes=2, networks=2, port="af_packet")
XDP = Spec(nodes=2, networks=2, port="af_xdp")
NOBODY = pwd.getpwnam("nobody")
NET_ADMIN_AND_RAW = 1 << 12 | 1 << 13
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
EXPOSURE_MAX = 2.5


def threads(daemon):
    """Of each thread, what /proc says of it."""
    out = []
    for task in pathlib.Path(f"/proc/{daemon.pid()}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        out.append(dict(line.split(":", 1) for line in lines))
    return out


def check_threads(daemon, uid, inherited=0):
    """`inherited`: what the inheritable and bounding sets may hold."""
    found = threads(daemon)
    assert len(found) > 1, "the worker has no thread?"
    for thread in found:
        sets = {name: int(thread[name], 16) for name in CAPABILITY_SETS}
        assert sets["CapEff"] == sets["CapPrm"] == NET_ADMIN_AND_RAW, sets
        assert sets["CapAmb"] == sets["CapInh"] == 0 and sets["CapBnd"] & ~inherited == 0, sets
        assert thread["NoNewPrivs"].strip() == "1", thread["NoNewPrivs"]
        assert thread["Seccomp"].strip() == "2", thread["Seccomp"]
        assert set(thread["Uid"].split()) == {str(uid)}, thread["Uid"]


@contextlib.contextmanager
def owned_by_nobody(*paths):
    """Root's, with the same modes, afterwards."""
    for path in paths:
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    try:
        yield
    finally:
        for path in paths:
            if path.exists():
                os.chown(path, 0, 0)


def as_nobody(lab, *options, **more):
    return restarted(lab, "n1", "--user", "nobody", *options,
                     socket_path=lab["n1"].run_dir / "netftd.sock", **more)


def works(lab):
    """Traffic passes; a cut, a flush of addresses and a reload are survived."""
    ping = ("ping", "-c", 2, "-i", 0.05, "-W", 2, lab.peer("n1", "n2")["ipv4"])
    lab["n1"].run(*ping)
    lab.cut("n1", "net0")
    wait_for("route down", lambda: not lab.is_up("n1", "n2", "net0"))
    lab["n1"].run(*ping)
    lab.heal("n1", "net0")
    wait_for("route up again", lambda: lab.is_up("n1", "n2", "net0"))
    flush_and_restore(lab)
    lab["n1"].run(*ping)


def flush_and_restore(lab):
    own = lab["n1"].show()["adapter"]["ipv4"]
    # netftd may put them back faster than ip(8) looks whether they are gone.
    lab["n1"].run("ip", "-loops", "1", "address", "flush", "dev", "netft0", check=False)
    wait_for("adapter's address restored",
             lambda: own in lab["n1"].run("ip", "address", "show", "dev", "netft0").stdout)
    address, length = address_of(lab.spec, "n1", "net1")
    lab["n1"].run("ip", "address", "flush", "dev", interface_of("net1"))
    wait_for("route down", lambda: not lab.is_up("n1", "n2", "net1"))
    lab["n1"].run("ip", "address", "add", f"{address}/{length}", "dev", interface_of("net1"))
    wait_for("route up again", lambda: lab.is_up("n1", "n2", "net1"))


def log_of(daemon):
    return daemon.last_words(lines=10_000)


def reload_and_wait(daemon, word):
    before = log_of(daemon).count(word)
    daemon.reload()
    wait_for(f"'{word}' in the log", lambda: log_of(daemon).count(word) > before)


@test(TWO)
def every_thread_keeps_two_capabilities_and_a_filter(lab):
    check_threads(lab["n1"], uid=0)
    assert "with CAP_NET_ADMIN, CAP_NET_RAW; system calls filtered" in log_of(lab["n1"])


@test(TWO)
def all_works_under_another_user_and_nothing_is_left(lab):
    key = lab.config.with_name("cluster.key")
    with as_nobody(lab) as daemon, owned_by_nobody(key):
        check_threads(daemon, NOBODY.pw_uid)
        assert "runs as user nobody with CAP_NET_ADMIN" in log_of(daemon)
        works(lab)
        reload_and_wait(daemon, "reloaded by SIGHUP")
        assert daemon.stop(), "netftd did not end on SIGTERM"
        assert "netft0" not in daemon.run("ip", "-o", "link").stdout
        left = [path.name for path in daemon.run_dir.iterdir()]
        assert not left, f"files left: {left}"


@test(PACKET)
def af_packet_and_a_restart_after_kill_work_under_another_user(lab):
    with as_nobody(lab) as daemon:
        works(lab)
        daemon.kill()
        daemon.start()
        lab.wait_all_up()
        check_threads(daemon, NOBODY.pw_uid)


@test(XDP, fresh=True)
def af_xdp_and_an_address_that_comes_back_work_under_another_user(lab):
    """A port opened after the start needs its rights as well: kept by every thread."""
    with as_nobody(lab) as daemon:
        assert "CAP_BPF" in log_of(daemon)
        works(lab)
        daemon.run("ip", "address", "flush", "dev", "eth0")
        wait_for("port closed", lambda: len(daemon.show()["ports"]) == 1)
        daemon.run("ip", "address", "add", "10.0.0.1/24", "dev", "eth0")
        wait_for("port opened", lambda: {port["kind"] for port in daemon.show()["ports"]
                                         if "10.0.0.1:" in port["endpoint"]} == {"af_xdp"})


@test(TWO)
def a_file_the_user_cannot_read_is_named_at_reload_with_the_user(lab):
    with as_nobody(lab) as daemon:
        lab.config.chmod(0o600)
        try:
            reload_and_wait(daemon, "refused")
        finally:
            lab.config.chmod(0o644)
        assert f"{lab.config}: Permission denied (netftd runs as user nobody" in log_of(daemon)
        assert lab.is_up("n1", "n2", "net0")


@test(TWO)
def started_without_root_as_the_unit_does_all_works(lab):
    if os.stat("/dev/net/tun").st_mode & 0o006 != 0o006:
        raise Skip("/dev/net/tun is root's alone here")
    caps = "-all,+net_admin,+net_raw"
    before = ("setpriv", "--reuid", "nobody", "--regid", str(NOBODY.pw_gid), "--clear-groups",
              "--inh-caps", caps, "--ambient-caps", caps, "--bounding-set", caps)
    daemon = lab["n1"]
    files = (daemon.directory / "node.key", daemon.run_dir, lab.config.with_name("cluster.key"))
    with owned_by_nobody(*files):
        with restarted(lab, "n1", "--user", "nobody", before=before,
                       socket_path=daemon.run_dir / "netftd.sock"):
            check_threads(daemon, NOBODY.pw_uid, inherited=NET_ADMIN_AND_RAW)
            works(lab)
            reload_and_wait(daemon, "reloaded by SIGHUP")
            assert daemon.stop(), "netftd did not end on SIGTERM"
            left = [path.name for path in daemon.run_dir.iterdir()]
            assert not left, f"files left: {left}"
            # The next one is root's again, and refuses keys that somebody else could change.
            for path in files:
                os.chown(path, 0, 0)


@test(TWO)
def without_the_sandbox_it_says_so(lab):
    with restarted(lab, "n1", "--no-sandbox") as daemon:
        assert "warning daemon: --no-sandbox" in log_of(daemon)
        assert all(thread["Seccomp"].strip() == "0" for thread in threads(daemon))


@test(TWO)
def an_unknown_user_is_refused_at_start(lab):
    lab["n1"].stop()
    done = lab["n1"].run(*lab["n1"].command(), "--user", "no-such-user", check=False, timeout=15)
    assert done.returncode == 1 and "no-such-user: there is no such user" in done.stderr, done


@test()
def the_units_exposure_is_low(_):
    if not shutil.which("systemd-analyze"):
        raise Skip("no systemd-analyze here")
    packaging = pathlib.Path(__file__).resolve().parents[2] / "tools" / "packaging"
    with tempfile.TemporaryDirectory() as directory:
        unit = pathlib.Path(directory, "netft.service")
        text = (packaging / "netft.service").read_text(encoding="utf-8")
        text = text.replace("@restart_steps@", "")
        unit.write_text(text.replace("@bindir@", "/usr/sbin"), encoding="utf-8")
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
            capture_output=True, text=True, check=False)
    figures = [line for line in done.stdout.splitlines() if "Overall exposure level" in line]
    assert figures, done
    figure = float(figures[0].rpartition(": ")[2].split()[0])
    assert figure <= EXPOSURE_MAX, done.stdout
