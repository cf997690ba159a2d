"""What netftd must refuse: a clear sentence, the right exit code, nothing started.

    n1 ------ n2     net0
"""
import re
import socket

from lab.spec import Spec
from support.registry import test

TWO = Spec(nodes=2, networks=1)
PUBLIC_KEY = re.compile(r'public_key = "(.*)"')


def refused(lab, text, *words, node="n1", code=2):
    """netftd --check says no to this cluster.toml, with file, line and all the words."""
    path = lab.config.with_name("changed.toml")
    path.write_text(text, encoding="utf-8")
    command = lab["n1"].command(path)
    command[command.index("--node") + 1] = node
    done = lab["n1"].run(*command, "--check", check=False, timeout=10)
    assert done.returncode == code, f"exit {done.returncode}: {done.stderr or done.stdout}"
    for word in words:
        assert word in done.stderr, f"'{word}' is missing in: {done.stderr}"
    return done.stderr


def refused_at_start(lab, *words, before=()):
    """netftd does not start; it says why and leaves no adapter behind."""
    done = lab["n1"].run(*before, *lab["n1"].command(), check=False, timeout=15)
    assert done.returncode == 1, f"exit {done.returncode}: {done.stderr}"
    for word in words:
        assert word in done.stderr, f"'{word}' is missing in: {done.stderr}"


@test(TWO)
def the_good_file_passes_the_check(lab):
    done = lab["n1"].run(*lab["n1"].command(), "--check", check=False, timeout=10)
    assert done.returncode == 0, done.stderr


@test(TWO)
def an_unknown_key_is_named_with_its_line(lab):
    text = lab.config.read_text(encoding="utf-8")
    line = text.count("\n") + 2
    error = refused(lab, text + '\n[heartbeats]\nsame = 1\n', "heartbeats")
    assert f"changed.toml:{line}" in error, error


@test(TWO)
def a_bad_value_is_named_with_what_is_allowed(lab):
    text = lab.config.read_text(encoding="utf-8")
    refused(lab, text + '\n[heartbeat]\nsame_subnet = { delay = "fast" }\n', "delay",
            "changed.toml:")
    refused(lab, text + '\n[heartbeat]\nsame_subnet = { threshold = 0 }\n', "threshold")


@test(TWO)
def a_text_that_is_no_toml_is_refused(lab):
    refused(lab, 'cluster = "demo\n', "changed.toml:1")


@test(TWO)
def a_missing_file_is_named(lab):
    command = lab["n1"].command("/nonexistent/cluster.toml")
    done = lab["n1"].run(*command, "--check", check=False, timeout=10)
    assert done.returncode == 2 and "/nonexistent/cluster.toml" in done.stderr, done


@test(TWO)
def two_nodes_of_one_name_are_refused(lab):
    text = lab.config.read_text(encoding="utf-8")
    refused(lab, text.replace('name = "n2"', 'name = "n1"'), "n1", "name")


@test(TWO)
def two_nodes_with_one_key_are_refused(lab):
    text = lab.config.read_text(encoding="utf-8")
    first, second = PUBLIC_KEY.findall(text)
    refused(lab, text.replace(second, first), "key")


@test(TWO)
def a_host_that_is_not_in_the_file_is_refused(lab):
    refused(lab, lab.config.read_text(encoding="utf-8"), "n9", node="n9")


@test(TWO)
def a_security_mode_that_does_not_exist_is_refused(lab):
    text = lab.config.read_text(encoding="utf-8")
    refused(lab, text.replace('mode = "encrypt"', 'mode = "off"'), "encrypt", "sign", "none")
    refused(lab, text.replace('mode = "encrypt"', 'rekey = "10ms"'), "rekey", "1s to 24h")


@test(TWO)
def a_cluster_key_that_is_bad_is_refused_and_not_printed(lab):
    text = lab.config.read_text(encoding="utf-8")
    key = lab.config.with_name("cluster.key")
    good = key.read_text(encoding="ascii")
    try:
        key.write_text(good.strip() + "A\n", encoding="ascii")
        error = refused(lab, text, "changed.toml:", "key_file", "cluster.key: line 1: not a key")
        assert good[:8] not in error, error
        key.write_text(good, encoding="ascii")
        key.chmod(0o644)
        refused(lab, text, "cluster.key", "chmod 0600")
        key.unlink()
        refused(lab, text, "cluster.key", "No such file", "netft-key cluster")
    finally:
        key.write_text(good, encoding="ascii")
        key.chmod(0o600)


@test(TWO)
def a_key_that_is_not_this_nodes_is_refused(lab):
    text = lab.config.read_text(encoding="utf-8")
    lab["n1"].stop()
    first, second = PUBLIC_KEY.findall(text)
    swapped = text.replace(first, "X").replace(second, first).replace("X", second)
    path = lab.config.with_name("changed.toml")
    path.write_text(swapped, encoding="utf-8")
    done = lab["n1"].run(*lab["n1"].command(path), check=False, timeout=15)
    assert done.returncode in (1, 2) and "key" in done.stderr, done


@test(TWO)
def a_key_that_others_may_read_is_refused(lab):
    key = lab["n1"].directory / "node.key"
    lab["n1"].stop()
    key.chmod(0o644)
    try:
        done = lab["n1"].run(*lab["n1"].command(), check=False, timeout=15)
        assert done.returncode in (1, 2) and "node.key" in done.stderr, done
    finally:
        key.chmod(0o600)


@test(TWO)
def no_local_endpoint_is_told(lab):
    # Not a reason to end: the address may come later. But people must hear of it.
    lab["n1"].run("ip", "address", "flush", "dev", "eth0")
    lab["n1"].stop()
    try:
        lab["n1"].start()
        assert lab["n1"].pid(), lab["n1"].last_words()
        said = " ".join(lab["n1"].show()["warnings"]) + lab["n1"].last_words()
        assert "endpoint" in said or "address" in said or "no route" in said, said
    finally:
        lab["n1"].run("ip", "address", "add", "10.0.0.1/24", "dev", "eth0")


TAKE_PORT = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.0.0.1", 3343))
print("ready", flush=True)
time.sleep(60)
"""


@test(TWO)
def a_taken_port_is_told_and_used_as_soon_as_it_is_free(lab):
    lab["n1"].stop()
    thief = lab["n1"].popen("python3", "-c", TAKE_PORT, stdout=-1)
    try:
        assert thief.stdout.readline() == "ready\n"
        # Either answer is sound: to refuse, or to run and say that this endpoint does not work.
        try:
            lab["n1"].start()
            said = " ".join(lab["n1"].show()["warnings"]) + lab["n1"].last_words(30)
        except Exception as error:  # LabError with netftd's last words
            said = str(error)
        assert "3343" in said, said
    finally:
        thief.kill()
        thief.wait()
    if not lab["n1"].pid():
        lab["n1"].start()
    lab.wait_all_up()


@test(TWO)
def a_taken_adapter_name_is_refused(lab):
    lab["n1"].stop()
    lab["n1"].run("ip", "link", "add", "netft0", "type", "veth", "peer", "name", "other")
    try:
        refused_at_start(lab, "netft0")
        assert "veth" in lab["n1"].run("ip", "-d", "link", "show", "netft0").stdout
    finally:
        lab["n1"].run("ip", "link", "del", "netft0")


@test(TWO)
def a_machine_without_tun_device_is_refused(lab):
    lab["n1"].stop()
    hide = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh")
    refused_at_start(lab, "/dev/net/tun", before=hide)


@test(TWO)
def a_user_without_rights_is_refused(lab):
    lab["n1"].stop()
    drop = ("setpriv", "--bounding-set=-net_admin,-net_raw", "--inh-caps=-all")
    refused_at_start(lab, "netft0", "right", before=drop)


@test(TWO)
def a_file_in_the_place_of_the_control_socket_is_not_overwritten(lab):
    lab["n1"].stop()
    lab["n1"].socket.write_text("precious", encoding="ascii")
    try:
        refused_at_start(lab, str(lab["n1"].socket))
        assert lab["n1"].socket.read_text(encoding="ascii") == "precious"
    finally:
        lab["n1"].socket.unlink()


@test(TWO)
def the_socket_of_a_dead_netftd_is_replaced(lab):
    lab["n1"].stop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(lab["n1"].socket))
    lab["n1"].start()
    lab.wait_all_up()
