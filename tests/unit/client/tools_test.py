#!/usr/bin/env python3
"""Runs netft-route and netft-trace against a daemon that only talks (fake_netftd).

tools_test.py FAKE_NETFTD NETFT_ROUTE NETFT_TRACE
"""
import csv
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

FAKE, ROUTE, TRACE = sys.argv[1:4]
TIME_MAX = 30


class ToolsTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="netft-tools-")
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)
        self.socket = str(self.path / "netftd.sock")
        self.environment = dict(os.environ, NETFT_SOCKET=self.socket)
        self.daemon = None

    def start(self, *mode):
        self.daemon = subprocess.Popen([FAKE, self.socket, *mode], stdin=subprocess.PIPE)
        self.addCleanup(self.stop)

    def stop(self):
        self.daemon.stdin.close()
        self.daemon.wait(TIME_MAX)

    def start_and_wait(self, *mode):
        self.start(*mode)
        self.run_tool(ROUTE, "wait", "n2", "--timeout", str(TIME_MAX), code=0)

    def run_tool(self, *command, code=0, **options):
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True,
                              timeout=TIME_MAX, check=False, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_show_lists_what_is_missing_first(self):
        self.start_and_wait()
        lines = self.run_tool(ROUTE).stdout.splitlines()
        table = [line for line in lines if " n2 " in line or " n3 " in line]
        self.assertIn("security encrypt (crypto_aesni_gcm)", lines[0])
        self.assertIn("session keys at most", "\n".join(lines))
        self.assertNotIn("WARNING: security", "\n".join(lines))
        self.assertIn("no route", table[-3])
        self.assertIn("down", table[-2])
        self.assertIn("*", table[-1])
        self.assertNotIn("\033", "".join(lines))

    def test_a_mode_that_is_not_private_is_warned_about_once(self):
        for mode, word in (("none", "neither private nor authenticated"), ("sign", "readable")):
            self.start_and_wait(mode)
            text = self.run_tool(ROUTE).stdout
            self.assertEqual(text.count("WARNING"), 1, text)
            self.assertIn(word, text)
            self.assertEqual("no cluster key" in text, mode == "sign", text)
            self.stop()

    def test_json_is_the_document_of_the_daemon(self):
        self.start_and_wait()
        for command in (["--json"], ["show", "--json"], ["--json", "show"]):
            self.assertEqual(json.loads(self.run_tool(ROUTE, *command).stdout)["node"], "n1")

    def test_get_and_history(self):
        self.start_and_wait()
        self.assertIn("10.0.0.1 → 10.0.0.2", self.run_tool(ROUTE, "get", "169.254.1.2").stdout)
        self.assertIn("unreachable", self.run_tool(ROUTE, "get", "n3", code=1).stdout)
        self.assertIn("n9: no peer", self.run_tool(ROUTE, "get", "n9", code=1).stderr)
        history = self.run_tool(ROUTE, "history", "n2").stdout
        self.assertIn("suspect → down  detection time expired", history)
        self.assertIn("received #41 up", history)

    def test_check_fails_and_lists(self):
        self.start_and_wait()
        full = self.run_tool(ROUTE, "check", code=2).stdout.splitlines()
        self.assertEqual(len(full), 3)
        self.assertEqual(self.run_tool(ROUTE, "check", "--brief", code=2).stdout.splitlines(),
                         full[:1])
        said = json.loads(self.run_tool(ROUTE, "check", "--json", code=2).stdout)
        self.assertEqual((said["ok"], said["state"]), (False, "critical"))
        self.assertIn("n2", self.run_tool(ROUTE, "check", "n2", "--networks", "2", code=2).stdout)
        self.assertIn("critical: ", self.run_tool(ROUTE).stdout)

    def test_check_knows_when_it_does_not_know(self):
        self.assertIn("netft-route: ", self.run_tool(ROUTE, "check", code=3).stderr)
        self.start_and_wait()
        self.assertIn("n9: no peer", self.run_tool(ROUTE, "check", "n9", code=3).stderr)
        self.run_tool(ROUTE, "check", "--networks", "0", code=2)

    def test_wait_waits_for_the_socket_then_for_the_peer(self):
        waiting = subprocess.Popen([ROUTE, "wait", "n3", "--timeout", str(TIME_MAX)],
                                   env=self.environment)
        self.start()
        self.assertEqual(waiting.wait(TIME_MAX), 0)

    def test_wait_says_who_is_missing_and_refuses_the_unknown(self):
        late = self.run_tool(ROUTE, "wait", "--timeout", "0.1", code=1)
        self.assertIn("timed out", late.stderr)
        self.start_and_wait()
        late = self.run_tool(ROUTE, "wait", "--timeout", "0.03", code=1)
        self.assertIn("n3", late.stderr)
        self.assertIn("no such peer", self.run_tool(ROUTE, "wait", "n9", code=1).stderr)

    def test_watch_begins_with_a_snapshot_and_stops_on_sigint(self):
        self.start_and_wait()
        with subprocess.Popen([ROUTE, "watch", "--json"], env=self.environment, text=True,
                              stdout=subprocess.PIPE) as watch:
            types = []
            while "transition" not in types:
                types.append(json.loads(watch.stdout.readline())["type"])
            watch.send_signal(signal.SIGINT)
            self.assertEqual(watch.wait(TIME_MAX), 0)
        self.assertEqual(types, ["node", "peer", "route", "route", "peer", "end-of-snapshot",
                                 "transition"])

    def test_a_reader_that_leaves_ends_the_tool_quietly(self):
        self.start_and_wait()
        for tool in ([ROUTE, "watch"], [TRACE]):
            with subprocess.Popen(tool, env=self.environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as running:
                running.stdout.readline()
                running.stdout.close()
                self.assertEqual(running.wait(TIME_MAX), 0)
                self.assertEqual(running.stderr.read(), b"")

    def test_usage_errors_exit_2_and_help_exits_0(self):
        for tool in (ROUTE, TRACE):
            name = pathlib.Path(tool).name
            self.assertIn(name + ": usage: ", self.run_tool(tool, "--nonsense", code=2).stderr)
            self.assertIn("--socket", self.run_tool(tool, "--help").stdout)
            self.assertTrue(self.run_tool(tool, "--version").stdout.startswith(name + " "))
        self.run_tool(ROUTE, "get", code=2)
        self.run_tool(TRACE, "--csv", "--pcapng", code=2)

    def test_no_daemon_is_a_clear_error(self):
        error = self.run_tool(ROUTE, code=1).stderr
        self.assertEqual(error, f"netft-route: {self.socket}: No such file or directory "
                                "(is netftd running?)\n")

    def test_trace_counts_and_filters(self):
        self.start_and_wait()
        lines = self.run_tool(TRACE, "--count", "6", "--peer", "n2").stdout.splitlines()
        records = [json.loads(line) for line in lines]
        self.assertEqual(sum("at" in record for record in records), 6)
        self.assertNotIn("n3", {record.get("peer") for record in records})
        self.assertIn("no such peer", self.run_tool(TRACE, "--peer", "n9", code=1).stderr)

    def test_csv_reads_back(self):
        self.start_and_wait()
        rows = list(csv.DictReader(io.StringIO(self.run_tool(TRACE, "--csv", "--count", "9").stdout)))
        beats = [row for row in rows if row["type"] == "heartbeat"]
        self.assertEqual(len(rows), 9)
        self.assertEqual(beats[0]["transmit_time_ns"], str(0xfedcba9876543210))

    def test_cluster_log(self):
        self.start_and_wait()
        log = self.run_tool(TRACE, "--cluster-log", "--count", "3").stdout
        self.assertIn("INFO  [IM] Marking Route from 10.0.0.1:~3343~ to 10.0.0.2:~3343~ as down",
                      log)

    def test_a_full_disk_is_an_error(self):
        self.start_and_wait()
        for tool in ([TRACE, "-w", "/dev/full"], [TRACE, "--pcapng", "-w", "/dev/full"]):
            self.assertIn("No space left on device", self.run_tool(*tool, code=1).stderr)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([ROUTE], env=self.environment, stdout=full, text=True,
                                  stderr=subprocess.PIPE, timeout=TIME_MAX, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output: No space left on device", done.stderr)

    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_tshark_reads_the_capture(self):
        self.start_and_wait()
        capture = str(self.path / "trace.pcapng")
        self.run_tool(TRACE, "--pcapng", "--count", "9", "-w", capture)
        fields = ["ip.src", "ip.dst", "udp.dstport", "udp.length", "udp.checksum.status",
                  "ip.checksum.status", "frame.interface_name", "frame.comment"]
        command = ["tshark", "-r", capture, "-o", "udp.check_checksum:TRUE", "-o",
                   "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=;"]
        for field in fields:
            command += ["-e", field]
        packets = [line.split(";") for line in self.run_tool(*command).stdout.splitlines()]
        beats = [packet for packet in packets if packet[3] == "96"]
        events = [packet for packet in packets if "netft transition" in packet[7]]
        self.assertEqual(len(beats), 3)
        self.assertEqual(len(events), 3)
        self.assertEqual(beats[0][:7], ["10.0.0.2", "10.0.0.1", "3343", "96", "1", "1",
                                        "10.0.0.0/24"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
